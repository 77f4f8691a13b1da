#pragma once
// The thread that elects. It never waits for anything but its epoll: no rtnetlink, no lock, no allocation, no log.

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "os/epoll.h"
#include "os/packetSocket.h"
#include "os/pages.h"
#include "os/thread.h"
#include "os/timer.h"
#include "runtime/advertIo.h"
#include "runtime/announcer.h"
#include "runtime/channels.h"
#include "runtime/gateKeeper.h"
#include "runtime/latenessHistogram.h"
#include "runtime/unknownRouters.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

/// Whether the vrrp thread got SCHED_FIFO, and what was refused.
struct RealTime {
  bool granted = false;
  std::string message;
};

class VrrpThread {
 public:
  /// What it takes from the kernel.
  struct Resources {
    os::Epoll epoll;
    os::Timer timer;
    os::PacketSocket packetSocket;
    os::Fd sender4;
    os::Fd sender6;
  };

  // On pages of its own, see os::Pages.
  static void* operator new(std::size_t size) noexcept { return os::Pages::allocate(size); }
  static void operator delete(void* memory, std::size_t size) { os::Pages::free(memory, size); }

  /// `gate` is null when there is none.
  static os::Result<std::unique_ptr<VrrpThread>> create(Channels& channels, kernel::Gate* gate);
  VrrpThread(Resources resources, Channels& channels, kernel::Gate* gate);
  ~VrrpThread();

  /// Returns when the thread runs and realTime() is known.
  os::Status start(bool realTime);
  /// After Command::Shutdown. A hand-over takes until a successor is heard, or the engine's patience is at an end.
  void join() { thread_.join(); }

  const RealTime& realTime() const { return realTime_; }
  const LatenessHistogram& lateness() const { return lateness_; }
  /// Only by the thread itself, or after join(). No allocation.
  void fill(SnapshotBuffer& buffer) const;

 private:
  /// A table that waits for its sockets.
  struct Pending {
    vrrp::Table* table = nullptr;
    Generation generation = 0;
    vrrp::TimePoint deadline{};
    bool unknownRouters = false;
  };

  RealTime prepare(bool realTime);
  void run();
  std::size_t wait();
  void sleepUntil(vrrp::TimePoint time);
  void receiveAdverts(std::size_t events);
  void hear(const vrrp::ReceivedAdvert& advert);
  /// Whether it came as a sample of those that the socket's filter rejects.
  bool failsFilter(const vrrp::ReceivedAdvert& advert) const;
  void runTimers();
  void finishIfEnded();
  void finishRound();

  // vrrpThreadMessages.cc
  void takeReports();
  void take(const Report& report);
  void takeCommands();
  void take(const Command& command);
  void takeChecks();
  void configurePending();
  void configure(const Pending& pending);

  // vrrpThreadEffects.cc
  void drainEffects();
  /// Sends what drainEffects() queued, and then lets the actuator see its orders.
  void flush();
  void carryOut(const vrrp::Effect& effect);
  void sendAdvert(const vrrp::Effect& effect);
  void stateChanged(const vrrp::Effect& effect);
  void noticed(const vrrp::Effect& effect);
  void postEvent(const EventRecord& record);
  void order(Order::Kind kind, vrrp::RouterId router);
  void orderReliably(const Order& order);
  void reconcileOrders();

  Channels& channels_;
  os::Epoll epoll_;
  os::Timer timer_;
  os::PacketSocket packetSocket_;
  AdvertIo io_;
  Announcer announcer_;
  GateKeeper gate_;
  vrrp::Engine engine_;
  LatenessHistogram lateness_;
  std::array<std::uint64_t, wire::kDiscardReasons> sampled_{};  ///< what the socket filter's samples stand for beyond themselves
  UnknownRouters unknown_;
  os::Thread thread_;
  RealTime realTime_;

  std::array<epoll_event, 64> events_{};
  vrrp::TimePoint now_{};
  vrrp::TimePoint sleptAt_{};
  vrrp::TimePoint heardAt_{};  ///< the last round with adverts
  vrrp::TimePoint wakeAt_{};   ///< what the timer is armed for
  bool gathers_ = false;       ///< adverts come so fast that the next ones are waited for
  std::optional<vrrp::TimePoint> deadline_;  ///< the engine's, as the timer was armed for it
  Pending pending_;
  Generation ready_ = 0;
  CheckBatch* checks_ = nullptr;  ///< being read
  std::size_t nextCheck_ = 0;
  bool noteUnknown_ = false;
  bool backlog_ = false;  ///< something was left for the next round
  bool wakeActuator_ = false;
  bool ordersLost_ = false;
  std::optional<bool> stopping_;  ///< whether the addresses are kept
  bool finished_ = false;
};

}  // namespace aloft::runtime
