#include "runtime/snapshot.h"

#include "os/clock.h"

namespace aloft::runtime {
namespace {

/// What was seen longer ago is over.
constexpr std::chrono::minutes kSightingTime{1};

std::optional<Sighting> toSighting(const wire::IpAddress& address, vrrp::TimePoint at, vrrp::TimePoint now) {
  if (address.isUnspecified() || now - at > kSightingTime) return std::nullopt;
  return Sighting{address, toWallMs(at)};
}

}  // namespace

RouterSnapshot toSnapshot(const RouterRecord& record, vrrp::TimePoint now) {
  RouterSnapshot snapshot;
  snapshot.record = record;
  snapshot.changedAtMs = toWallMs(record.changedAt);
  if (record.deadline != vrrp::TimePoint::max()) {
    snapshot.deadlineMs = std::chrono::duration<double, std::milli>(record.deadline - now).count();
  }
  snapshot.conflict = toSighting(record.conflictAddress, record.conflictAt, now);
  snapshot.foreignRouter = toSighting(record.foreignRouter, record.foreignAt, now);
  return snapshot;
}

std::int64_t toWallMs(vrrp::TimePoint time) {
  const auto age = os::monotonicNow() - time.time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(os::wallNow() - age).count();
}

}  // namespace aloft::runtime
