#pragma once
// The gate's programs for traffic control, and what they share with the process. Pure data; gate.h says what they do.

#include <cstdint>
#include <vector>

#include "wire/ebpf.h"
#include "wire/ipAddress.h"

namespace aloft::kernel {

/// Key of the map of addresses. An IPv4 address is ::ffff:a.b.c.d, which no packet of IPv6 may have on the wire (RFC 4291 §2.5.5.2).
struct GateAddressKey {
  std::uint32_t ifindex;
  std::uint8_t address[16];
};

struct GateAddressValue {
  std::uint32_t slot;
  std::uint32_t flags;
};
/// In `flags`: the program answers itself.
inline constexpr std::uint32_t kGateAnswers = 1;

/// Key of the map of the node's own MACs; the value means nothing.
struct GateMacKey {
  std::uint32_t ifindex;
  std::uint8_t mac[6];
  std::uint8_t zero[2];
};

/// Value of the map of links, whose key is the ifindex.
struct GateLinkValue {
  std::uint8_t mac[6];  ///< in answers
  std::uint8_t zero[2];
  std::uint32_t slot;  ///< kNoGateSlot: none
};
inline constexpr std::uint32_t kNoGateSlot = 0xffffffff;

/// The file descriptors of the maps.
struct GateMaps {
  int slots = -1;
  int addresses = -1;
  int macs = -1;
  int links = -1;
};

enum class GateProgram : std::uint8_t {
  Ingress,
  Egress,
  /// Of a link that has a slot: nothing leaves when both its times have passed.
  EgressOfVirtualMac,
};

/// Both verdicts that the programs give: to go on with the next filter, so that others keep what they have there, or to drop.
inline constexpr std::int32_t kGatePass = -1;  // TC_ACT_UNSPEC
inline constexpr std::int32_t kGateDrop = 2;   // TC_ACT_SHOT

std::vector<wire::EbpfInstruction> assembleGate(GateProgram program, const GateMaps& maps);

GateAddressKey gateKey(std::uint32_t ifindex, const wire::IpAddress& address);
wire::IpAddress gateAddress(const GateAddressKey& key);

}  // namespace aloft::kernel
