#pragma once
// tcx (Linux 6.6): programs on a link that are asked before the filters of its qdisc clsact. One that accepts a packet itself, as Cilium's
// do, keeps it from the programs behind it and from all filters.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "os/result.h"
#include "wire/trafficControl.h"

namespace aloft::os {

struct TcxPrograms {
  std::vector<std::uint32_t> ids;  ///< in the order in which they are asked
  std::uint64_t revision = 0;      ///< changes with every change
};

/// None where the kernel has no tcx or the caller no permission.
TcxPrograms tcxPrograms(std::uint32_t ifindex, wire::Direction direction);
/// Before all others. Stays when the process ends. EEXIST when it is attached there already.
Status attachTcxFirst(std::uint32_t ifindex, wire::Direction direction, int program);
/// The program at `position` of `programs`; ESTALE when something has changed since.
Status detachTcx(std::uint32_t ifindex, wire::Direction direction, const TcxPrograms& programs, std::size_t position);

}  // namespace aloft::os
