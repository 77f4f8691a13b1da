#include "runtime/routerRecord.h"

#include <algorithm>

namespace aloft::runtime {
namespace {

RouterRecord toRecord(const vrrp::RouterStatus& status) {
  RouterRecord record;
  record.id = status.id;
  record.state = status.state;
  record.reason = status.reason;
  record.priority = status.priority;
  record.basePriority = status.basePriority;
  record.pseudoHeader = status.pseudoHeader;
  record.peer = status.peer;
  record.interval = status.interval;
  record.silence = status.silence;
  record.changedAt = status.changedAt;
  record.deadline = status.deadline;
  record.conflictAddress = status.conflictAddress;
  record.conflictMac = status.conflictMac;
  record.conflictAt = status.conflictAt;
  record.foreignRouter = status.foreignRouter;
  record.foreignReason = status.foreignReason;
  record.foreignAt = status.foreignAt;
  record.transitions = status.transitions;
  record.counters = status.counters;
  return record;
}

}  // namespace

void fill(SnapshotBuffer& buffer, const vrrp::Engine& engine) {
  buffer.count = std::min(engine.size(), buffer.routers.size());
  for (std::size_t i = 0; i < buffer.count; ++i) buffer.routers[i] = toRecord(engine.status(i));
  const auto discarded = engine.discarded();
  std::copy_n(discarded.begin(), std::min(discarded.size(), buffer.discarded.size()), buffer.discarded.begin());
}

}  // namespace aloft::runtime
