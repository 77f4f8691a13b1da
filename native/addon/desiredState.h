#pragma once

#include <napi.h>

#include <variant>
#include <vector>

#include "runtime/core.h"
#include "runtime/validation.h"

namespace aloft::addon {

/// DesiredState of src/agent/native, checked.
std::variant<runtime::Configuration, runtime::FieldProblem> readDesiredState(Napi::Value value);
/// CheckResult[] of src/agent/native.
std::variant<std::vector<runtime::CheckResult>, runtime::FieldProblem> readCheckResults(Napi::Value value);
/// StartOptions of src/agent/native, without `notify`.
std::variant<runtime::CoreOptions, runtime::FieldProblem> readStartOptions(Napi::Value value);

}  // namespace aloft::addon
