#pragma once

#include <napi.h>

#include <optional>
#include <string>

#include "addon/fieldReader.h"

namespace aloft::addon {

// DesiredAddress, DesiredRoute and DesiredRule of src/agent/native; only their types are checked.
runtime::DesiredAddress readAddress(Napi::Value value, const std::string& path, std::optional<runtime::FieldProblem>& problem);
runtime::DesiredRoute readRoute(Napi::Value value, const std::string& path, std::optional<runtime::FieldProblem>& problem);
runtime::DesiredRule readRule(Napi::Value value, const std::string& path, std::optional<runtime::FieldProblem>& problem);

}  // namespace aloft::addon
