#pragma once
// Tables from a seed, of a world so small that any two of them have much in common.

#include <random>

#include "ipvs/table.h"
#include "support/modelKernel.h"

namespace aloft::ipvs {

using Random = std::mt19937_64;

/// A number below `bound`.
inline std::uint32_t below(Random& random, std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); }

Table randomTable(Random& random);
/// `table` with a few things changed.
Table changed(Table table, Random& random);
/// What somebody does by hand to a table that stands.
void meddle(ModelKernel& kernel, Random& random);

}  // namespace aloft::ipvs
