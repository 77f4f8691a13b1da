#pragma once
// The agent's own table of nf_tables, "inet aloft": what IPVS passes on is masqueraded where that is asked for, and packets that a director
// has passed on to this node for a service are translated to one of the service's pods here.
//
//   prerouting, output   for an address of this node → accept: as MASTER it is IPVS that takes them
//                        (address, protocol, port, number below N) → pod and port, for each N that a service has as many pods as
//   postrouting          (original address, protocol, port) is among those to masquerade, or a pod speaks to itself → masquerade
//
// Everybody else's tables are left alone.

#include <cstdint>
#include <string_view>
#include <vector>

#include "os/result.h"
#include "wire/ipAddress.h"

namespace aloft::kernel {

inline constexpr std::string_view kNatTableName = "aloft";

struct NatKey {
  wire::IpAddress address;
  std::uint8_t protocol = 0;  ///< IPPROTO_…
  std::uint16_t port = 0;
  friend auto operator<=>(const NatKey&, const NatKey&) = default;
};

struct NatTarget {
  wire::IpAddress address;
  std::uint16_t port = 0;
};

struct NatTranslation {
  NatKey key;
  bool byClient = false;  ///< connections of one client go to one target
  std::vector<NatTarget> targets;
};

struct NatRules {
  std::vector<NatKey> masqueraded;
  std::vector<NatTranslation> translations;
};

/// One transaction that puts this in the place of whatever the table had. Pure. The last message but one is acknowledged.
std::vector<std::uint8_t> buildNatTable(const NatRules& rules);

/// What stands, as far as it can be told from something else: equal where nobody has changed the table in between.
struct NatTablePrint {
  std::uint32_t generation = 0;  ///< of all tables: while it is the same nothing has changed anywhere
  std::uint64_t digest = 0;      ///< 0: the table does not stand
};

// Each by a socket of its own, of the calling thread's network namespace. They wait for the kernel, which may be busy with somebody's large
// ruleset. EPERM without CAP_NET_ADMIN; ENOENT or EOPNOTSUPP where the kernel lacks a part of nf_tables.

os::Status replaceNatTable(const NatRules& rules);
/// Succeeds when it does not stand.
os::Status removeNatTable();
os::Result<std::uint32_t> readNatGeneration();
os::Result<NatTablePrint> readNatTable();

}  // namespace aloft::kernel
