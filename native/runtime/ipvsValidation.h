#pragma once
// From what a caller asks of IPVS to what the kernel's table shall be. Pure.

#include <variant>
#include <vector>

#include "ipvs/standingTable.h"
#include "ipvs/table.h"
#include "runtime/desiredIpvs.h"
#include "runtime/fields.h"

namespace aloft::runtime {

/// The whole state, or the first problem: what the kernel would refuse, or take and not do. Keys are unique, a role has one daemon.
/// `former`: the state that was taken last, of which services may be kept.
std::variant<ipvs::Table, FieldProblem> validate(const DesiredIpvsState& desired, const ipvs::Table& former);

/// The services of an earlier process. `field` names the array.
std::variant<ipvs::ServiceKeys, FieldProblem> validateKeys(const char* field, const std::vector<DesiredIpvsServiceKey>& keys);

}  // namespace aloft::runtime
