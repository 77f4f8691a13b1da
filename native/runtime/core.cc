#include "runtime/core.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "os/scheduling.h"

namespace aloft::runtime {
namespace {

/// How long a configuration waits until the actuator has opened the sockets that it needs, which may have to wait for RTNL. A virtual
/// router that starts without goes to FAULT first, to nobody's harm but the log's. One that leaves must resign, whatever RTNL does.
constexpr auto kPatience = std::chrono::seconds(2);
constexpr auto kPatienceWhenOneLeaves = std::chrono::milliseconds(50);

Assignment toAssignment(vrrp::RouterId id, const vrrp::RouterConfig& election, kernel::Entries entries) {
  Assignment assignment;
  assignment.router = id;
  assignment.interface = election.interface;
  assignment.family = election.family;
  assignment.virtualRouterId = election.virtualRouterId;
  assignment.entries = std::move(entries);
  assignment.multicastGroup = election.multicastGroup;
  assignment.unicast = !election.unicastPeers.empty();
  assignment.leastTtl = election.leastTtl();
  assignment.sourceAddress = election.sourceAddress;
  assignment.trackSource = election.trackSource;
  assignment.virtualMacInterface = election.virtualMacInterface;
  for (const vrrp::TrackedInterface& track : election.interfaces) assignment.trackedInterfaces.push_back(track.interface);
  assignment.gateSlot = election.gateSlot;
  assignment.gated = election.gateSlot != kNoSlot;
  return assignment;
}

std::unique_ptr<kernel::Gate> openGate(bool wanted, GateStatus& status) {
  status = {false, "not asked for"};
  if (!wanted) return nullptr;
  auto gate = kernel::Gate::open();
  status = {gate.ok(), gate.ok() ? "" : gate.error().message()};
  return gate.ok() ? std::move(gate.value()) : nullptr;
}

}  // namespace

os::Result<std::unique_ptr<Core>> Core::start(CoreOptions options) {
  GateStatus status;
  std::unique_ptr<kernel::Gate> gate = openGate(options.gate, status);
  auto channels = Channels::open();
  if (!channels.ok()) return channels.error();
  auto actuator = Actuator::create(*channels.value(), std::move(options.heldAddresses), std::move(options.notify), gate.get());
  if (!actuator.ok()) return actuator.error();
  auto vrrp = VrrpThread::create(*channels.value(), gate.get());
  if (!vrrp.ok()) return vrrp.error();
  std::unique_ptr<Core> core(
      new Core(std::move(gate), status, std::move(channels.value()), std::move(vrrp.value()), std::move(actuator.value())));
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

Core::Core(std::unique_ptr<kernel::Gate> gate, GateStatus gateStatus, std::unique_ptr<Channels> channels, std::unique_ptr<VrrpThread> vrrp,
           std::unique_ptr<Actuator> actuator)
    : gate_(std::move(gate)),
      gateStatus_(std::move(gateStatus)),
      channels_(std::move(channels)),
      vrrp_(std::move(vrrp)),
      actuator_(std::move(actuator)) {}

Core::~Core() { [[maybe_unused]] const os::Status status = stop(false); }

// ----- What the caller wants -----

os::Status Core::ready(const char* operation) const {
  if (stopping_) return os::Error{operation, ESHUTDOWN};
  if (channels_->commands.room() == 0) return os::Error{operation, EAGAIN};
  return {};
}

bool Core::command(const Command& command) {
  if (!channels_->commands.push(command)) return false;
  channels_->vrrpWake.notify();
  return true;
}

CheckBatch* Core::handOver(std::vector<vrrp::CheckState> states) {
  while (!batches_.empty() && batches_.front()->taken.load(std::memory_order_acquire)) batches_.pop_front();
  if (states.empty()) return nullptr;
  batches_.push_back(std::make_unique<CheckBatch>(std::move(states)));
  return batches_.back().get();
}

void Core::enter(RouterConfiguration& router, Generation generation, Assignments& assignments) {
  vrrp::RouterConfig& election = router.election;
  const vrrp::RouterId id = ids_.idOf(election);
  election.gateSlot = gate_ ? slots_.slotOf(id, generation) : kNoSlot;
  for (std::size_t i = 0; i < router.checks.size(); ++i) election.checks[i].check = checks_.track(router.checks[i], generation);
  directory_.record(id, router, generation);
  assignments.routers.push_back(toAssignment(id, election, std::move(router.entries)));
}

os::Status Core::apply(Configuration configuration) {
  const std::lock_guard guard(commands_);
  if (const os::Status status = ready("apply"); !status.ok()) return status;
  prune(channels_->configured.load(std::memory_order_acquire));

  const Generation generation = ++generation_;
  Assignments assignments;
  std::vector<vrrp::RouterId> ids;
  std::vector<vrrp::RouterConfig> elected;
  std::set<Election> elections;
  for (RouterConfiguration& router : configuration.routers) {
    enter(router, generation, assignments);
    ids.push_back(assignments.routers.back().router);
    const vrrp::RouterConfig& election = router.election;
    elections.emplace(election.interface, election.family, election.virtualRouterId, election.multicastGroup, election.virtualMacInterface);
    elected.push_back(std::move(router.election));
  }
  assignments.always = std::move(configuration.always);
  assignments.keepAlways = configuration.keepAlways;
  assignments.linkDelays = std::move(configuration.linkDelays);
  assignments.hearAll = configuration.debugUnknownRouters;
  largest_ = std::max(largest_, elected.size());

  Command configure{Command::Kind::Configure};
  configure.generation = generation;
  configure.unknownRouters = configuration.debugUnknownRouters;
  std::sort(ids.begin(), ids.end());
  configure.patience = patience(ids, elections);
  configure.checks = handOver(checks_.statesOf(generation));
  configure.table = vrrp::Engine::prepare(std::move(elected), ids_, configuration.paces).release();
  if (vrrp_->realTime().granted) lock(*configure.table);
  routers_ = std::move(ids);
  elections_ = std::move(elections);
  // In this order: whatever the vrrp thread orders of the actuator is then about virtual routers that the actuator knows.
  actuator_->assign(generation, std::move(assignments));
  command(configure);
  return {};
}

/// It stays locked when the table is freed: the heap uses the same pages for the next one.
void Core::lock(const vrrp::Table& table) {
  std::vector<std::span<const std::byte>> ranges;
  table.forEachMemory([&ranges](std::span<const std::byte> range) {
    if (!range.empty()) ranges.push_back(range);
  });
  const os::Status locked = os::lockRanges(ranges);
  lockProblem_ = locked.ok() ? "" : locked.error().message();
}

vrrp::Duration Core::patience(const std::vector<vrrp::RouterId>& routers, const std::set<Election>& elections) const {
  if (std::includes(elections_.begin(), elections_.end(), elections.begin(), elections.end())) return vrrp::Duration::zero();
  const bool oneLeaves = !std::includes(routers.begin(), routers.end(), routers_.begin(), routers_.end());
  return oneLeaves ? vrrp::Duration(kPatienceWhenOneLeaves) : vrrp::Duration(kPatience);
}

os::Status Core::setChecks(std::span<const CheckResult> results) {
  const std::lock_guard guard(commands_);
  if (const os::Status status = ready("setChecks"); !status.ok()) return status;
  Command checks{Command::Kind::Checks};
  checks.checks = handOver(checks_.report(results));
  if (checks.checks != nullptr) command(checks);
  return {};
}

/// What left with the configuration that runs, or before, is forgotten; whatever a later one names again is kept, since that may overtake
/// it.
void Core::prune(Generation configured) {
  directory_.prune(configured);
  ids_.retain([this](vrrp::RouterId router) { return directory_.find(router) != nullptr; });
  checks_.prune(configured);
  if (!gate_) return;
  slots_.recycle(
      configured, [this](std::uint32_t slot) { return actuator_->usesGateSlot(slot); },
      [this](std::uint32_t slot) {
        gate_->slot(slot).answerUntil.store(0, std::memory_order_relaxed);
        gate_->slot(slot).acceptUntil.store(0, std::memory_order_relaxed);
      });
}

// ----- The end -----

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
