#pragma once
// Addresses as text, for tests.

#include <gtest/gtest.h>

#include <string_view>

#include "wire/ipAddress.h"

namespace aloft::test {

inline wire::IpAddress ip(std::string_view text) {
  wire::IpAddress out;
  EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
  return out;
}

inline wire::IpPrefix prefix(std::string_view text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

}  // namespace aloft::test
