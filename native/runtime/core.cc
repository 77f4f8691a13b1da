#include "runtime/core.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "os/clock.h"

namespace aloft::runtime {
namespace {

/// The vrrp thread answers within microseconds. Without real time on a busy node it may take its turn.
constexpr int kSnapshotTimeoutMs = 1000;

/// How long a configuration waits until the actuator has opened the sockets that it needs, which may have to wait for RTNL. A virtual
/// router that starts without goes to FAULT first, to nobody's harm but the log's. One that leaves must resign, whatever RTNL does.
constexpr auto kPatience = std::chrono::seconds(2);
constexpr auto kPatienceWhenOneLeaves = std::chrono::milliseconds(50);

Assignment toAssignment(vrrp::RouterId id, const vrrp::RouterConfig& config) {
  return {id, config.interface, config.family, config.virtualRouterId, config.addresses};
}

}  // namespace

os::Result<std::unique_ptr<Core>> Core::start(CoreOptions options) {
  auto channels = Channels::open();
  if (!channels.ok()) return channels.error();
  auto actuator = Actuator::create(*channels.value(), std::move(options.heldAddresses), std::move(options.notify));
  if (!actuator.ok()) return actuator.error();
  auto vrrp = VrrpThread::create(*channels.value());
  if (!vrrp.ok()) return vrrp.error();
  std::unique_ptr<Core> core(new Core(std::move(channels.value()), std::move(vrrp.value()), std::move(actuator.value())));
  if (const os::Status started = core->vrrp_->start(options.realTime); !started.ok()) {
    core->stopped_ = started;
    return started.error();
  }
  if (const os::Status started = core->actuator_->start(options.realTime); !started.ok()) {
    core->command({Command::Kind::Shutdown});
    core->vrrp_->join();
    core->stopped_ = started;
    return started.error();
  }
  return core;
}

Core::Core(std::unique_ptr<Channels> channels, std::unique_ptr<VrrpThread> vrrp, std::unique_ptr<Actuator> actuator)
    : channels_(std::move(channels)), vrrp_(std::move(vrrp)), actuator_(std::move(actuator)) {}

Core::~Core() { [[maybe_unused]] const os::Status status = stop(false); }

bool Core::command(const Command& command) {
  if (!channels_->commands.push(command)) return false;
  channels_->vrrpWake.notify();
  return true;
}

os::Status Core::apply(std::vector<vrrp::RouterConfig> routers) {
  const std::lock_guard guard(commands_);
  if (stopping_) return os::Error{"apply", ESHUTDOWN};
  if (channels_->commands.room() == 0) return os::Error{"apply", EAGAIN};

  const Generation generation = ++generation_;
  std::vector<Assignment> assignments;
  std::vector<vrrp::RouterId> ids;
  std::set<Election> elections;
  for (const vrrp::RouterConfig& config : routers) {
    const vrrp::RouterId id = ids_.idOf(config);
    directory_.record(id, config, generation);
    ids.push_back(id);
    assignments.push_back(toAssignment(id, config));
    elections.emplace(config.interface, config.family, config.virtualRouterId);
  }
  largest_ = std::max(largest_, routers.size());

  Command configure{Command::Kind::Configure};
  configure.generation = generation;
  std::sort(ids.begin(), ids.end());
  configure.patience = patience(ids, elections);
  configure.table = vrrp::Engine::prepare(std::move(routers), ids_).release();
  routers_ = std::move(ids);
  elections_ = std::move(elections);
  // In this order: whatever the vrrp thread orders of the actuator is then about virtual routers that the actuator knows.
  actuator_->assign(generation, std::move(assignments));
  command(configure);
  return {};
}

vrrp::Duration Core::patience(const std::vector<vrrp::RouterId>& routers, const std::set<Election>& elections) const {
  if (std::includes(elections_.begin(), elections_.end(), elections.begin(), elections.end())) return vrrp::Duration::zero();
  const bool oneLeaves = !std::includes(routers.begin(), routers.end(), routers_.begin(), routers_.end());
  return oneLeaves ? vrrp::Duration(kPatienceWhenOneLeaves) : vrrp::Duration(kPatience);
}

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
    fill(*buffer_, vrrp_->engine());
  } else if (!inFlight && !stopping_) {
    buffer_ = std::make_unique<SnapshotBuffer>(largest_);
    Command request{Command::Kind::Snapshot};
    request.snapshot = buffer_.get();
    if (!command(request)) buffer_->filled.store(true);
  }

  Snapshot snapshot;
  const auto holdings = actuator_->holdings();
  const auto holdingsOf = [&holdings](vrrp::RouterId router) {
    const auto found = holdings.find(router);
    return found == holdings.end() ? nullptr : &found->second;
  };
  std::set<vrrp::RouterId> missing(routers_.begin(), routers_.end());
  if (buffer_ && awaitSnapshot()) {
    snapshot.discarded = buffer_->discarded;
    for (const RouterRecord& record : std::span(buffer_->routers).first(buffer_->count)) {
      describe(snapshot, record, holdingsOf(record.id));
      missing.erase(record.id);
    }
  }
  // Applied, but its configuration still waits for its sockets.
  for (const vrrp::RouterId router : missing) {
    RouterRecord record;
    record.id = router;
    record.changedAt = vrrp::TimePoint(os::monotonicNow());
    describe(snapshot, record, holdingsOf(router));
  }
  snapshot.links = actuator_->links();
  snapshot.lateness = vrrp_->lateness().read();
  snapshot.realTime = vrrp_->realTime();
  snapshot.eventsLost = channels_->eventsLost.load(std::memory_order_relaxed) + actuator_->eventsLost();
  return snapshot;
}

void Core::describe(Snapshot& snapshot, const RouterRecord& record, const Actuator::Holdings* holdings) const {
  const vrrp::RouterConfig* config = directory_.find(record.id);
  if (config == nullptr) return;
  RouterSnapshot router{record, config->key, {}, toWallMs(record.changedAt), faultMessage(record, *config)};
  if (record.priority == 0) router.record.priority = config->priority;
  if (holdings != nullptr) {
    router.addressesHeld = holdings->addresses;
    if (!holdings->message.empty()) router.message = holdings->message;
  }
  snapshot.routers.push_back(std::move(router));
}

CoreEvent Core::toEvent(const EventRecord& record) const {
  CoreEvent event{CoreEvent::Kind::StateChanged};
  event.change = record;
  event.changedAtMs = toWallMs(record.at);
  if (const vrrp::RouterConfig* config = directory_.find(record.router)) event.key = config->key;
  return event;
}

std::vector<CoreEvent> Core::takeEvents() {
  const Generation configured = channels_->configured.load(std::memory_order_acquire);
  std::vector<CoreEvent> events;
  for (EventRecord record; channels_->events.pop(record);) events.push_back(toEvent(record));
  for (CoreEvent& event : actuator_->takeEvents()) {
    if (const vrrp::RouterConfig* config = directory_.find(event.change.router)) event.key = config->key;
    events.push_back(std::move(event));
  }
  const std::uint64_t lost = channels_->eventsLost.load(std::memory_order_relaxed) + actuator_->eventsLost();
  if (lost != std::exchange(lostReported_, lost)) events.push_back({CoreEvent::Kind::Resync});
  // All events of virtual routers that left with this configuration or before have been taken out above.
  directory_.prune(configured);
  return events;
}

os::Status Core::stop(bool keepAddresses) {
  const std::lock_guard once(stop_);
  if (stopped_) return *stopped_;
  {
    const std::lock_guard guard(commands_);
    stopping_ = true;
    Command shutdown{Command::Kind::Shutdown};
    shutdown.keepAddresses = keepAddresses;
    while (!command(shutdown)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  vrrp_->join();
  const os::Status status = actuator_->join();
  const std::lock_guard guard(commands_);
  stopped_ = status;
  return status;
}

}  // namespace aloft::runtime
