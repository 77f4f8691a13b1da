#pragma once
// The gate among the programs of tcx: nothing where nobody else has such, else before them all, for they may keep packets from filters.

#include <cstdint>
#include <set>
#include <vector>

#include "os/result.h"
#include "wire/trafficControl.h"

namespace aloft::kernel {

/// A loaded program and its number in the kernel.
struct LoadedProgram {
  int fd = -1;
  std::uint32_t id = 0;
};

/// Those of `ours` that a link and direction has in tcx.
std::vector<std::uint32_t> gateProgramsInTcx(std::uint32_t ifindex, wire::Direction direction, const std::set<std::uint32_t>& ours);
/// Whether others' programs come before ours, or keep packets from our filters. Two cheap questions to the kernel.
bool isOvertakenInTcx(std::uint32_t ifindex, std::uint32_t ingress, std::uint32_t egress);
/// Puts `program` first if there are others', and takes the rest of `ours` off. Whether it was not first before.
os::Result<bool> putGateInTcx(std::uint32_t ifindex, wire::Direction direction, const LoadedProgram& program,
                        const std::set<std::uint32_t>& ours);
/// Takes all of `ours` off.
os::Status removeGateFromTcx(std::uint32_t ifindex, wire::Direction direction, const std::set<std::uint32_t>& ours);

}  // namespace aloft::kernel
