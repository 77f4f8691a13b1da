#include "runtime/vrrpThread.h"

#include <algorithm>
#include <ctime>

#include "os/clock.h"
#include "os/scheduling.h"
#include "runtime/routerRecord.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

/// Epoll tokens beside those of sockets.
constexpr std::uint64_t kTimerToken = 1;
constexpr std::uint64_t kWakeToken = 2;

/// Below the kernel's own threads that move packets (softirq threads run at 50 on real-time kernels).
constexpr int kRealTimePriority = 40;
/// Real-time CPU time without a sleep after which the kernel ends the process.
constexpr auto kRealTimeBudget = 500ms;
/// Whoever floods us with adverts keeps the thread busy: it sleeps by itself before the budget is used up and others starve.
constexpr auto kBusyLimit = 50ms;
constexpr timespec kBreather = {0, 200'000};

/// Orders that must not be lost find this much room in the ring: those that may be lost leave it free.
constexpr std::size_t kReservedOrders = 16;

vrrp::TimePoint now() { return vrrp::TimePoint(os::monotonicNow()); }

}  // namespace

os::Result<std::unique_ptr<VrrpThread>> VrrpThread::create(Channels& channels) {
  auto epoll = os::Epoll::open();
  if (!epoll.ok()) return epoll.error();
  auto timer = os::Timer::open();
  if (!timer.ok()) return timer.error();
  auto packetSocket = os::PacketSocket::open();
  if (!packetSocket.ok()) return packetSocket.error();
  if (const auto added = epoll.value().add(timer.value().fd(), kTimerToken); !added.ok()) return added.error();
  if (const auto added = epoll.value().add(channels.vrrpWake.fd(), kWakeToken); !added.ok()) return added.error();
  return std::make_unique<VrrpThread>(std::move(epoll.value()), std::move(timer.value()), std::move(packetSocket.value()), channels);
}

VrrpThread::VrrpThread(os::Epoll epoll, os::Timer timer, os::PacketSocket packetSocket, Channels& channels)
    : channels_(channels), epoll_(std::move(epoll)), timer_(std::move(timer)), io_(epoll_), announcer_(std::move(packetSocket)) {}

VrrpThread::~VrrpThread() {
  thread_.join();
  delete pending_.table;
  delete io_.replace(nullptr);
}

os::Status VrrpThread::start(bool realTime) {
  const os::Status started = thread_.start("aloft-vrrp", realTime, [this, realTime] {
    realTime_ = prepare(realTime);
    channels_.snapshotWake.notify();
    run();
  });
  if (started.ok()) channels_.snapshotWake.wait(-1);
  return started;
}

RealTime VrrpThread::prepare(bool realTime) {
  os::setExactTimers();
  if (!realTime) return {false, "not asked for"};
  if (const os::Status granted = os::requestRealTime(kRealTimePriority); !granted.ok()) {
    [[maybe_unused]] const os::Status nice = os::requestHighPriority();
    return {false, granted.error().message()};
  }
  const auto locked = [](const auto& ring) { return os::lockMemory(ring.memory().data(), ring.memory().size_bytes()); };
  const std::array results = {
      os::limitRealTime(kRealTimeBudget),
      thread_.stackLocked(),
      os::lockMemory(this, sizeof *this),
      os::lockMemory(&channels_, sizeof channels_),
      locked(channels_.commands),
      locked(channels_.orders),
      locked(channels_.reports),
      locked(channels_.events),
      os::lockLibraryOf(reinterpret_cast<const void*>(&vrrp::Engine::prepare)),
  };
  const auto failed = std::find_if(results.begin(), results.end(), [](const os::Status& result) { return !result.ok(); });
  return {true, failed == results.end() ? "" : failed->error().message()};
}

void VrrpThread::run() {
  sleptAt_ = now();
  while (!finished_) {
    const std::size_t events = wait();
    receiveAdverts(events);  // before the timers: a late scheduler must not look like a dead MASTER
    takeReports();
    takeCommands();
    configurePending();
    runTimers();
    announcer_.sendSome(engine_);
    finishRound();
  }
}

std::size_t VrrpThread::wait() {
  const vrrp::TimePoint before = now();
  if (before - sleptAt_ > kBusyLimit) {
    nanosleep(&kBreather, nullptr);
    sleptAt_ = now();
  }
  const std::size_t count = epoll_.wait(events_, announcer_.idle() ? -1 : 0);
  now_ = now();
  constexpr auto kCostOfCall = 20us;
  if (now_ - before > kCostOfCall) sleptAt_ = now_;
  if (deadline_ && now_ >= *deadline_) lateness_.record(now_ - *deadline_);
  return count;
}

void VrrpThread::receiveAdverts(std::size_t events) {
  for (const epoll_event& event : std::span(events_).first(events)) {
    const std::uint64_t token = event.data.u64;
    if (token == kTimerToken) {
      timer_.drain();
    } else if (token == kWakeToken) {
      channels_.vrrpWake.drain();
    } else if (AdvertIo::isSocket(token)) {
      io_.receive(token, [this](const vrrp::ReceivedAdvert& advert) {
        engine_.handleAdvert(advert, now_);
        drainEffects();
      });
    }
  }
}

void VrrpThread::takeReports() {
  for (Report report; channels_.reports.pop(report);) take(report);
}

void VrrpThread::take(const Report& report) {
  switch (report.kind) {
    case Report::Kind::Link:
      engine_.handleLink(report.link, now_);
      break;
    case Report::Kind::LinkRemoved:
      engine_.handleLinkRemoved(report.ifindex, now_);
      break;
    case Report::Kind::Actuated:
      engine_.handleActuated(report.actuated, now_);
      break;
    case Report::Kind::Sockets: {
      Order retired{Order::Kind::Retired};
      retired.sockets = io_.replace(report.sockets);
      orderReliably(retired);
      break;
    }
    case Report::Kind::Ready:
      ready_ = report.generation;
      break;
  }
  drainEffects();
}

void VrrpThread::takeCommands() {
  for (Command command; !finished_ && channels_.commands.pop(command);) take(command);
}

void VrrpThread::take(const Command& command) {
  switch (command.kind) {
    case Command::Kind::Configure: {
      Order discarded{Order::Kind::Discarded};
      discarded.table = pending_.table;
      if (discarded.table != nullptr) orderReliably(discarded);
      pending_ = {command.table, command.generation, now_ + command.patience};
      break;
    }
    case Command::Kind::Snapshot:
      configurePending();
      fill(*command.snapshot, engine_);
      channels_.snapshotWake.notify();
      break;
    case Command::Kind::Shutdown:
      shutDown(command.keepAddresses);
      break;
  }
}

void VrrpThread::configurePending() {
  if (pending_.table == nullptr) return;
  if (ready_ < pending_.generation && now_ < pending_.deadline) return;
  configure(pending_.table, pending_.generation);
  pending_ = {};
}

void VrrpThread::configure(vrrp::Table* table, Generation generation) {
  Order configured{Order::Kind::Configured};
  configured.generation = generation;
  configured.table = engine_.configure(std::unique_ptr<vrrp::Table>(table), now_).release();
  drainEffects();  // resignations are read from the former table
  channels_.configured.store(generation, std::memory_order_release);
  orderReliably(configured);
}

void VrrpThread::shutDown(bool keepAddresses) {
  engine_.shutdown(keepAddresses, now_);
  drainEffects();
  Order last{Order::Kind::Finished};
  last.keepAddresses = keepAddresses;
  orderReliably(last);
  finished_ = true;
}

void VrrpThread::runTimers() {
  if (finished_) return;
  const auto deadline = engine_.nextDeadline();
  if (!deadline || *deadline > now_) return;
  engine_.handleTimeout(now_);
  drainEffects();
}

void VrrpThread::finishRound() {
  if (ordersLost_) reconcileOrders();
  if (wakeActuator_) {
    wakeActuator_ = false;
    channels_.actuatorWake.notify();
  }
  deadline_ = engine_.nextDeadline();
  if (pending_.table != nullptr && (!deadline_ || pending_.deadline < *deadline_)) deadline_ = pending_.deadline;
  timer_.arm(deadline_ ? std::optional(deadline_->time_since_epoch()) : std::nullopt);
}

void VrrpThread::drainEffects() {
  for (vrrp::Effect effect; engine_.pollEffect(effect);) carryOut(effect);
  io_.flush([this](vrrp::RouterId router) { engine_.handleSendError(router); });
}

void VrrpThread::carryOut(const vrrp::Effect& effect) {
  switch (effect.kind) {
    case vrrp::Effect::Kind::SendAdvert:
      io_.send(effect.router, engine_.advert(effect.router, effect.priority),
               [this](vrrp::RouterId router) { engine_.handleSendError(router); });
      break;
    case vrrp::Effect::Kind::HoldAddresses:
      order(Order::Kind::Hold, effect.router);
      break;
    case vrrp::Effect::Kind::ReleaseAddresses:
      order(Order::Kind::Release, effect.router);
      break;
    case vrrp::Effect::Kind::AnnounceAddresses:
      announcer_.announce(effect.router);
      break;
    case vrrp::Effect::Kind::StateChanged:
      stateChanged(effect);
      break;
  }
}

void VrrpThread::stateChanged(const vrrp::Effect& effect) {
  if (effect.to != vrrp::State::Master) announcer_.cancel(effect.router);
  const EventRecord record{effect.router, effect.from, effect.to, effect.reason, effect.peer, effect.silence, now_};
  if (!channels_.events.push(record)) channels_.eventsLost.fetch_add(1, std::memory_order_relaxed);
  channels_.eventsPending.store(true, std::memory_order_release);
  wakeActuator_ = true;
}

void VrrpThread::order(Order::Kind kind, vrrp::RouterId router) {
  wakeActuator_ = true;
  if (ordersLost_ || channels_.orders.room() <= kReservedOrders) {
    ordersLost_ = true;  // the actuator has been waiting for the kernel for very long
    return;
  }
  Order order{kind};
  order.router = router;
  channels_.orders.push(order);
}

void VrrpThread::orderReliably(const Order& order) {
  wakeActuator_ = true;
  // Without room the actuator is stuck, and what the order would free is leaked rather than waited for.
  channels_.orders.push(order);
}

void VrrpThread::reconcileOrders() {
  if (channels_.orders.room() <= engine_.size() + kReservedOrders + 1) return;
  ordersLost_ = false;
  order(Order::Kind::Reconcile, 0);
  for (std::size_t i = 0; i < engine_.size(); ++i) {
    const vrrp::RouterStatus status = engine_.status(i);
    order(status.state == vrrp::State::Master ? Order::Kind::Hold : Order::Kind::Release, status.id);
  }
}

}  // namespace aloft::runtime
