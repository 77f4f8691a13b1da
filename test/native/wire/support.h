#pragma once
// Golden bytes as text, addresses as text.

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/ipAddress.h"

namespace aloft::wire {

using Bytes = std::vector<std::uint8_t>;

/// "4500 01ff": hexadecimal digits, blanks ignored.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (digit < 0 || digit > 15) ADD_FAILURE() << "not a hexadecimal digit: " << c;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  EXPECT_EQ(high, -1) << "half a byte in: " << text;
  return bytes;
}

inline IpAddress ip(std::string_view text) {
  IpAddress address;
  EXPECT_TRUE(parseIpAddress(text, address)) << text;
  return address;
}

inline IpPrefix prefix(std::string_view text) {
  IpPrefix result;
  EXPECT_TRUE(parseIpPrefix(text, result)) << text;
  return result;
}

}  // namespace aloft::wire
