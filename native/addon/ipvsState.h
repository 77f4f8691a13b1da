#pragma once

#include <napi.h>

#include <set>
#include <variant>

#include "runtime/ipvsValidation.h"

namespace aloft::addon {

/// IpvsState of src/agent/native.ts, checked.
std::variant<ipvs::Table, runtime::FieldProblem> readIpvsState(Napi::Value value);
/// IpvsOptions of src/agent/native.ts.
std::variant<ipvs::ServiceKeys, runtime::FieldProblem> readOwnedServices(Napi::Value value);
/// Addresses, as text.
std::variant<std::set<wire::IpAddress>, runtime::FieldProblem> readCarried(Napi::Value value);

}  // namespace aloft::addon
