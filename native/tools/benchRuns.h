#pragma once
// What lanbench does. Each returns what is wrong, or an empty string.

#include <string>

#include "tools/benchOptions.h"

namespace aloft::tools {

std::string tally(const BenchOptions& options);
std::string sweep(const BenchOptions& options);
std::string flood(const BenchOptions& options);

}  // namespace aloft::tools
