#pragma once

#include <napi.h>

#include <set>
#include <variant>

#include "runtime/ipvsValidation.h"

namespace aloft::addon {

/// IpvsState of src/agent/native, checked. `former`: the one that was taken last.
std::variant<ipvs::Table, runtime::FieldProblem> readIpvsState(Napi::Value value, const ipvs::Table& former);
/// IpvsOptions of src/agent/native.
std::variant<ipvs::ServiceKeys, runtime::FieldProblem> readOwnedServices(Napi::Value value);
/// Addresses, as text.
std::variant<std::set<wire::IpAddress>, runtime::FieldProblem> readCarried(Napi::Value value);

}  // namespace aloft::addon
