#pragma once
// The gate's filters on one link: which of them are a predecessor's, where a new one goes, and what is to be taken away again.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/filterClient.h"
#include "os/result.h"

namespace aloft::kernel {

/// A loaded program and its number in the kernel.
struct LoadedProgram {
  int fd = -1;
  std::uint32_t id = 0;
};

/// Whether the filter is the gate's, of this process or of a predecessor.
bool isGateFilter(const Filter& filter);
/// Where the gate's filter belongs among those that stand on a link and direction: in the place of a predecessor's, else at the first
/// priority where it can stand. Pure.
wire::FilterPlace gatePlace(std::uint32_t ifindex, wire::Direction direction, std::span<const Filter> standing);

/// Puts both programs on a link, predecessors' replaced; nothing is done where they stand.
os::Status putGateFilters(FilterClient& client, std::uint32_t ifindex, const LoadedProgram& ingress, const LoadedProgram& egress);
/// Takes the gate's filters off, and the qdisc that was added for them, unless others use it. What or whose link is gone is no error.
os::Status removeGateFilters(FilterClient& client, std::uint32_t ifindex);

}  // namespace aloft::kernel
