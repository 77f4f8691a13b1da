#pragma once
// From what a caller asks for to what the core takes. Pure.

#include <variant>

#include "runtime/configuration.h"
#include "runtime/desiredState.h"
#include "runtime/fields.h"

namespace aloft::runtime {

/// The whole state, or the first problem. Beside the fields themselves: keys and macvlans are unique, a VRID is unique per interface and
/// family, an address is given to one virtual router of an interface only, and is no static one. No message repeats a password.
std::variant<Configuration, FieldProblem> validate(const DesiredState& desired);

}  // namespace aloft::runtime
