#include "tools/reigns.h"

#include <algorithm>
#include <cmath>

namespace aloft::tools {

std::uint32_t quantile(std::vector<std::uint32_t> values, double q) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace aloft::tools
