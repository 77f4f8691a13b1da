// The loop: what comes in, in which order, and how long the thread sleeps. vrrpThreadMessages.cc: what the other threads
// say; vrrpThreadEffects.cc: what goes out.

#include "runtime/vrrpThread.h"

#include <algorithm>

#include "os/clock.h"
#include "os/multicastSocket.h"
#include "os/scheduling.h"

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
constexpr auto kBreather = 200us;
/// Adverts that follow each other faster than this are gathered: to wake the thread for each costs whoever sends them, and us, more than
/// all that is done with it. An advert is heard later by as much, a deadline never.
constexpr auto kGatherTime = 200us;

/// How many one round takes, so that the timers wait for a millisecond at most.
constexpr std::size_t kAdvertsPerRound = 512;

vrrp::TimePoint now() { return vrrp::TimePoint(os::monotonicNow()); }

}  // namespace

os::Result<std::unique_ptr<VrrpThread>> VrrpThread::create(Channels& channels, kernel::Gate* gate) {
  auto epoll = os::Epoll::open();
  if (!epoll.ok()) return epoll.error();
  auto timer = os::Timer::open();
  if (!timer.ok()) return timer.error();
  auto packetSocket = os::PacketSocket::open();
  if (!packetSocket.ok()) return packetSocket.error();
  auto sender4 = os::openVrrpSender(wire::Family::IPv4);
  if (!sender4.ok()) return sender4.error();
  auto sender6 = os::openVrrpSender(wire::Family::IPv6);
  // A kernel without IPv6 elects over IPv4 all the same.
  if (!sender6.ok() && sender6.error().number != EAFNOSUPPORT) return sender6.error();
  if (const auto added = epoll.value().add(timer.value().fd(), kTimerToken); !added.ok()) return added.error();
  if (const auto added = epoll.value().add(channels.vrrpWake.fd(), kWakeToken); !added.ok()) return added.error();
  Resources resources{std::move(epoll.value()), std::move(timer.value()), std::move(packetSocket.value()), std::move(sender4.value()),
                      sender6.ok() ? std::move(sender6.value()) : os::Fd()};
  std::unique_ptr<VrrpThread> thread(new VrrpThread(std::move(resources), channels, gate));
  if (!thread) return os::Error{"map memory of the vrrp thread", ENOMEM};
  return thread;
}

VrrpThread::VrrpThread(Resources resources, Channels& channels, kernel::Gate* gate)
    : channels_(channels),
      epoll_(std::move(resources.epoll)),
      timer_(std::move(resources.timer)),
      packetSocket_(std::move(resources.packetSocket)),
      io_(epoll_, std::move(resources.sender4), std::move(resources.sender6), packetSocket_),
      announcer_(packetSocket_),
      gate_(gate) {}

VrrpThread::~VrrpThread() {
  thread_.join();
  delete pending_.table;
  delete io_.replace(nullptr);
}

os::Status VrrpThread::start(bool realTime) {
  engine_.setGateActive(gate_.active(), now());
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
    announcer_.sendSome(engine_, now_);
    finishIfEnded();
    finishRound();
  }
}

std::size_t VrrpThread::wait() {
  const vrrp::TimePoint before = now();
  if (before - sleptAt_ > kBusyLimit) {
    sleepUntil(before + kBreather);
  } else if (gathers_ && !backlog_) {
    sleepUntil(std::min(heardAt_ + kGatherTime, wakeAt_));
  }
  gathers_ = false;
  const std::size_t count = epoll_.wait(events_, backlog_ ? 0 : -1);
  backlog_ = false;
  now_ = now();
  constexpr auto kCostOfCall = 20us;
  if (now_ - before > kCostOfCall) sleptAt_ = now_;
  if (deadline_ && now_ >= *deadline_) lateness_.record(now_ - *deadline_);
  return count;
}

void VrrpThread::sleepUntil(vrrp::TimePoint time) {
  os::sleepUntil(time.time_since_epoch());
  sleptAt_ = now();
}

// ----- Adverts -----

void VrrpThread::receiveAdverts(std::size_t events) {
  std::size_t budget = kAdvertsPerRound;
  for (const epoll_event& event : std::span(events_).first(events)) {
    const std::uint64_t token = event.data.u64;
    if (token == kTimerToken) {
      timer_.expired();
    } else if (token == kWakeToken) {
      channels_.vrrpWake.drain();
    } else if (AdvertIo::isSocket(token) && budget > 0) {
      const std::size_t taken = io_.receive(token, budget, [this](const vrrp::ReceivedAdvert& advert) { hear(advert); });
      budget -= std::min(budget, taken);
      flush();
    }
  }
  const std::size_t taken = kAdvertsPerRound - budget;
  if (taken == 0) return;
  gathers_ = taken > 1 || now_ < heardAt_ + kGatherTime;
  heardAt_ = now_;
}

void VrrpThread::hear(const vrrp::ReceivedAdvert& advert) {
  const auto reason = engine_.handleAdvert(advert, now_);
  drainEffects();
  if (!reason) return;
  const bool unknown = *reason == wire::Discard::UnknownVirtualRouter;
  if (unknown && noteUnknown_) {
    unknown_.note({advert.ifindex, advert.source.family, advert.message[1], advert.source, now_});
  } else if (unknown || failsFilter(advert)) {
    sampled_[static_cast<std::size_t>(*reason)] += wire::kFilterSample - 1;
  }
}

bool VrrpThread::failsFilter(const vrrp::ReceivedAdvert& advert) const {
  const std::uint8_t leastTtl = engine_.leastUnicastTtl(advert.ifindex, advert.source.family);
  return wire::failsVrrpFilter(advert.destination, advert.ttl, advert.message, leastTtl);
}

// ----- Time -----

void VrrpThread::runTimers() {
  if (finished_) return;
  gate_.look(now_, [this](const vrrp::ConflictSeen& conflict) {
    engine_.handleConflict(conflict, now_);
    drainEffects();
  });
  const auto deadline = engine_.nextDeadline();
  if (deadline && *deadline <= now_) {
    engine_.handleTimeout(now_);
    drainEffects();
  }
  flush();
}

void VrrpThread::finishIfEnded() {
  if (!stopping_ || !engine_.isEnded()) return;
  Order last{Order::Kind::Finished};
  last.keepAddresses = *stopping_;
  orderReliably(last);
  finished_ = true;
}

void VrrpThread::finishRound() {
  if (ordersLost_) reconcileOrders();
  channels_.orders.publish();
  if (wakeActuator_) {
    wakeActuator_ = false;
    channels_.actuatorWake.notify();
  }
  deadline_ = engine_.nextDeadline();
  vrrp::TimePoint next = deadline_.value_or(vrrp::TimePoint::max());
  if (pending_.table != nullptr) next = std::min(next, pending_.deadline);
  wakeAt_ = std::min({next, announcer_.nextDeadline(), gate_.nextLook()});
  timer_.arm(wakeAt_ == vrrp::TimePoint::max() ? std::nullopt : std::optional(wakeAt_.time_since_epoch()));
}

}  // namespace aloft::runtime
