#include "runtime/unknownRouters.h"

#include <algorithm>

namespace aloft::runtime {

void UnknownRouters::note(const UnknownRouter& router) {
  const auto end = routers_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto known = std::find_if(routers_.begin(), end, [&router](const UnknownRouter& other) {
    return other.ifindex == router.ifindex && other.family == router.family && other.virtualRouterId == router.virtualRouterId &&
           other.address == router.address;
  });
  if (known != end) {
    known->at = router.at;
  } else if (count_ < kMax) {
    routers_[count_++] = router;
  } else {
    *std::min_element(routers_.begin(), end, [](const UnknownRouter& a, const UnknownRouter& b) { return a.at < b.at; }) = router;
  }
}

}  // namespace aloft::runtime
