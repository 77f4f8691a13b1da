#include "wire/ipvsFields.h"

#include <array>
#include <bit>

#include "wire/ipvs.h"
#include "wire/rtnetlinkFields.h"

namespace aloft::wire {

std::uint32_t toIpvsNetmask(std::uint8_t prefixLength, Family family) {
  if (family == Family::IPv6) return prefixLength;
  std::array<std::uint8_t, 4> mask{};
  for (std::size_t bit = 0; bit < prefixLength && bit < 32; ++bit) mask[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
  return loadNumber<std::uint32_t>(mask, 0);
}

std::uint8_t fromIpvsNetmask(std::uint32_t netmask, Family family) {
  if (family == Family::IPv6) return netmask > 128 ? kIpvsNoPrefix : static_cast<std::uint8_t>(netmask);
  const auto length = static_cast<std::uint8_t>(std::popcount(netmask));
  return toIpvsNetmask(length, family) == netmask ? length : kIpvsNoPrefix;
}

}  // namespace aloft::wire
