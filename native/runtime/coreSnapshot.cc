// What the core tells its caller.

#include <set>

#include "os/clock.h"
#include "runtime/core.h"
#include "runtime/faultMessage.h"

namespace aloft::runtime {
namespace {

/// The vrrp thread answers within microseconds. Without real time on a busy node it may take its turn.
constexpr int kSnapshotTimeoutMs = 1000;

}  // namespace

bool Core::awaitSnapshot() {
  for (int waited = 0; !buffer_->filled.load(std::memory_order_acquire); ++waited) {
    if (waited > 0 && !channels_->snapshotWake.wait(kSnapshotTimeoutMs)) return false;
  }
  return true;
}

Snapshot Core::snapshot() {
  const std::lock_guard guard(commands_);
  // A buffer that the vrrp thread has not answered yet is its own until it has.
  const bool inFlight = buffer_ && !buffer_->filled.load(std::memory_order_acquire);
  if (!inFlight && stopped_) {
    buffer_ = std::make_unique<SnapshotBuffer>(largest_);
    vrrp_->fill(*buffer_);
    buffer_->filled.store(true);
  } else if (!inFlight && !stopping_) {
    buffer_ = std::make_unique<SnapshotBuffer>(largest_);
    Command request{Command::Kind::Snapshot};
    request.snapshot = buffer_.get();
    if (!command(request)) buffer_->filled.store(true);
  }

  Snapshot snapshot;
  snapshot.links = actuator_->links();
  const vrrp::TimePoint now(os::monotonicNow());
  const auto holdings = actuator_->holdings();
  std::set<vrrp::RouterId> missing(routers_.begin(), routers_.end());
  if (buffer_ && awaitSnapshot()) {
    snapshot.discarded = buffer_->discarded;
    describeUnknown(snapshot);
    for (const RouterRecord& record : std::span(buffer_->routers).first(buffer_->count)) {
      describe(snapshot, record, now, holdings);
      missing.erase(record.id);
    }
  }
  // Applied, but its configuration still waits for its sockets.
  for (const vrrp::RouterId router : missing) {
    RouterRecord record;
    record.id = router;
    record.changedAt = now;
    describe(snapshot, record, now, holdings);
  }
  snapshot.lateness = vrrp_->lateness().read();
  snapshot.realTime = vrrp_->realTime();
  if (snapshot.realTime.message.empty()) snapshot.realTime.message = lockProblem_;
  snapshot.gate = gateStatus_;
  if (snapshot.gate.active) snapshot.gate.message = actuator_->gateProblem();
  snapshot.eventsLost = channels_->eventsLost.load(std::memory_order_relaxed) + actuator_->eventsLost();
  return snapshot;
}

void Core::describe(Snapshot& snapshot, const RouterRecord& record, vrrp::TimePoint now,
                    const std::unordered_map<vrrp::RouterId, Actuator::Holdings>& holdings) const {
  const RouterName* name = directory_.find(record.id);
  if (name == nullptr) return;
  RouterSnapshot router = toSnapshot(record, now);
  router.key = name->key;
  router.message = faultMessage(record, *name, checks_, snapshot.links);
  if (record.basePriority == 0) router.record.priority = router.record.basePriority = name->priority;
  if (const auto held = holdings.find(record.id); held != holdings.end()) {
    router.addressesHeld = held->second.addresses;
    if (!held->second.message.empty()) router.message = held->second.message;
  }
  snapshot.routers.push_back(std::move(router));
}

void Core::describeUnknown(Snapshot& snapshot) const {
  for (const UnknownRouter& router : std::span(buffer_->unknownRouters).first(buffer_->unknownCount)) {
    const auto isThere = [&router](const kernel::Link& link) { return link.index == router.ifindex; };
    const auto link = std::find_if(snapshot.links.begin(), snapshot.links.end(), isThere);
    const std::string interface = link == snapshot.links.end() ? std::to_string(router.ifindex) : link->name;
    snapshot.unknownRouters.push_back({router, interface, toWallMs(router.at)});
  }
}

// ----- Events -----

CoreEvent Core::toEvent(const EventRecord& record) const {
  CoreEvent event{record.notice == vrrp::Notice::None ? CoreEvent::Kind::StateChanged : CoreEvent::Kind::Notice};
  event.change = record;
  event.changedAtMs = toWallMs(record.at);
  if (const RouterName* name = directory_.find(record.router)) event.key = name->key;
  return event;
}

std::vector<CoreEvent> Core::takeEvents() {
  const Generation configured = channels_->configured.load(std::memory_order_acquire);
  std::vector<CoreEvent> events;
  for (EventRecord record; channels_->events.pop(record);) events.push_back(toEvent(record));
  for (CoreEvent& event : actuator_->takeEvents()) {
    if (const RouterName* name = directory_.find(event.change.router)) event.key = name->key;
    events.push_back(std::move(event));
  }
  const std::uint64_t lost = channels_->eventsLost.load(std::memory_order_relaxed) + actuator_->eventsLost();
  if (lost != std::exchange(lostReported_, lost)) events.push_back({CoreEvent::Kind::Resync});
  // All events of virtual routers that left with this configuration or before have been taken out above.
  prune(configured);
  return events;
}

}  // namespace aloft::runtime
