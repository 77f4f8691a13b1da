#pragma once
// What the fuzz targets share.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "wire/ipAddress.h"

/// Ends the run: libFuzzer keeps the input. Unlike assert() it stands in every build.
#define REQUIRE(condition)                                                                \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

/// Takes values from the front of the input; zeros when it is used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t number16() {
    const std::uint8_t low = byte();
    return static_cast<std::uint16_t>(byte() << 8 | low);
  }
  aloft::wire::IpAddress address(aloft::wire::Family family) {
    aloft::wire::IpAddress address{family, {}};
    for (std::size_t i = 0; i < address.size(); ++i) address.bytes[i] = byte();
    return address;
  }
  bool empty() const { return rest_.empty(); }
  std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  std::span<const std::uint8_t> rest_;
};
