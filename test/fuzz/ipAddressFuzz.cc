// Input: text.

#include <string_view>

#include "fuzz.h"
#include "wire/ipAddress.h"

using namespace aloft::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  IpAddress address, again;
  if (parseIpAddress(text, address)) {
    REQUIRE(parseIpAddress(format(address), again));
    REQUIRE(again == address);
    REQUIRE(format(again) == format(address));
  }
  IpPrefix prefix, prefixAgain;
  if (parseIpPrefix(text, prefix)) {
    REQUIRE(prefix.length <= prefix.address.size() * 8);
    REQUIRE(parseIpPrefix(format(prefix), prefixAgain) && prefixAgain == prefix);
  }
  return 0;
}
