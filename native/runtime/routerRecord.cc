#include "runtime/routerRecord.h"

#include <algorithm>

namespace aloft::runtime {

void fill(SnapshotBuffer& buffer, const vrrp::Engine& engine) {
  buffer.count = std::min(engine.size(), buffer.routers.size());
  for (std::size_t i = 0; i < buffer.count; ++i) {
    const vrrp::RouterStatus status = engine.status(i);
    buffer.routers[i] = {status.id,       status.state,   status.reason,    status.priority,    status.pseudoHeader, status.peer,
                         status.interval, status.silence, status.changedAt, status.transitions, status.counters};
  }
  const auto discarded = engine.discarded();
  std::copy_n(discarded.begin(), std::min(discarded.size(), buffer.discarded.size()), buffer.discarded.begin());
  buffer.filled.store(true, std::memory_order_release);
}

}  // namespace aloft::runtime
