#pragma once
// The thread that elects. It never waits for anything but its epoll: no rtnetlink, no lock, no allocation, no log.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "os/epoll.h"
#include "os/packetSocket.h"
#include "os/thread.h"
#include "os/timer.h"
#include "runtime/advertIo.h"
#include "runtime/announcer.h"
#include "runtime/channels.h"
#include "runtime/latenessHistogram.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

/// Whether the vrrp thread got SCHED_FIFO, and what was refused.
struct RealTime {
  bool granted = false;
  std::string message;
};

class VrrpThread {
 public:
  static os::Result<std::unique_ptr<VrrpThread>> create(Channels& channels);
  VrrpThread(os::Epoll epoll, os::Timer timer, os::PacketSocket packetSocket, Channels& channels);
  ~VrrpThread();

  /// Returns when the thread runs and realTime() is known.
  os::Status start(bool realTime);
  /// After Command::Shutdown.
  void join() { thread_.join(); }

  const RealTime& realTime() const { return realTime_; }
  const LatenessHistogram& lateness() const { return lateness_; }
  /// Only after join().
  const vrrp::Engine& engine() const { return engine_; }

 private:
  /// A table that waits for its sockets.
  struct Pending {
    vrrp::Table* table = nullptr;
    Generation generation = 0;
    vrrp::TimePoint deadline{};
  };

  RealTime prepare(bool realTime);
  void run();
  std::size_t wait();
  void receiveAdverts(std::size_t events);
  void takeReports();
  void take(const Report& report);
  void takeCommands();
  void take(const Command& command);
  void configurePending();
  void configure(vrrp::Table* table, Generation generation);
  void shutDown(bool keepAddresses);
  void runTimers();
  void finishRound();

  void drainEffects();
  void carryOut(const vrrp::Effect& effect);
  void stateChanged(const vrrp::Effect& effect);
  void order(Order::Kind kind, vrrp::RouterId router);
  void orderReliably(const Order& order);
  void reconcileOrders();

  Channels& channels_;
  os::Epoll epoll_;
  os::Timer timer_;
  AdvertIo io_;
  Announcer announcer_;
  vrrp::Engine engine_;
  LatenessHistogram lateness_;
  os::Thread thread_;
  RealTime realTime_;

  std::array<epoll_event, 64> events_{};
  vrrp::TimePoint now_{};
  vrrp::TimePoint sleptAt_{};
  std::optional<vrrp::TimePoint> deadline_;
  Pending pending_;
  Generation ready_ = 0;
  bool wakeActuator_ = false;
  bool ordersLost_ = false;
  bool finished_ = false;
};

}  // namespace aloft::runtime
