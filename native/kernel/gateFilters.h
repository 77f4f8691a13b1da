#pragma once
// The gate's filters on one link: which of them are a predecessor's, where a new one goes, and what is to be taken away again.
//
// A filter's name is the register of what is the gate's, and survives the process: "aloft_gate", then "+clsact" if the qdisc was added for
// it, then "/ID" for each further program of the gate's that may be in tcx, where programs have no owner's name.

#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "kernel/filterClient.h"
#include "kernel/gateTcx.h"
#include "os/result.h"

namespace aloft::kernel {

/// Whether the filter is the gate's, of this process or of a predecessor.
bool isGateFilter(const Filter& filter);
/// Where the gate's filter belongs among those that stand on a link and direction: in the place of a predecessor's, unless others have come
/// before that one since; else at the first priority where it can stand, where who comes last is asked first. Pure.
wire::FilterPlace gatePlace(std::uint32_t ifindex, wire::Direction direction, std::span<const Filter> standing);
/// The programs that the gate's filters have and name. Pure.
std::set<std::uint32_t> gatePrograms(std::span<const Filter> standing);
/// Pure.
std::string gateFilterName(bool ownQdisc, std::span<const std::uint32_t> furtherPrograms);

struct GatePair {
  LoadedProgram ingress;
  LoadedProgram egress;
};

/// Puts both programs on a link, predecessors' replaced; nothing is done where they stand. Whether one had to be put, or put first again.
os::Result<bool> putGateFilters(FilterClient& client, std::uint32_t ifindex, const GatePair& programs);
/// The same after others were at the filters. The gate that a process started since has put in place of ours is left alone: two would take
/// the place from each other for ever.
os::Result<bool> restoreGateFilters(FilterClient& client, std::uint32_t ifindex, const GatePair& programs);
/// Takes the gate's programs off, and the qdisc that was added for them, unless others use it. What or whose link is gone is no error.
os::Status removeGateFilters(FilterClient& client, std::uint32_t ifindex);

}  // namespace aloft::kernel
