#pragma once
// Tells the other directors of the connections that this node carries, beside the kernel's own daemon: those that are silent, and those that
// have just begun. A thread of its own, from the first master daemon on: to read all connections of a busy node takes long, and nobody may
// wait for it.
//
// Any thread may call.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "ipvs/tellings.h"
#include "os/fd.h"
#include "os/result.h"
#include "os/thread.h"
#include "os/wakeup.h"
#include "wire/ipvs.h"
#include "wire/ipvsSync.h"

namespace aloft::runtime {

class ConnectionTeller {
 public:
  static os::Result<std::unique_ptr<ConnectionTeller>> open();
  explicit ConnectionTeller(os::Wakeup wake) : wake_(std::move(wake)) {}
  /// stop().
  ~ConnectionTeller();
  ConnectionTeller(const ConnectionTeller&) = delete;
  ConnectionTeller& operator=(const ConnectionTeller&) = delete;

  /// The master daemon, by whose number, group and interface it tells; without one it is silent.
  os::Status use(std::optional<wire::IpvsDaemon> daemon);
  /// Returns at once. Connections of addresses that are not among these any more are told of once more: another node carries them now.
  void carry(std::set<wire::IpAddress> addresses);
  /// Returns when all have been told of that have to be told now.
  void tell();
  /// Tells once more, as far as there is time for it. A second call waits for the first.
  void stop();

 private:
  struct Orders {
    std::optional<wire::IpvsDaemon> daemon;
    std::set<wire::IpAddress> carried;
    std::uint64_t asked = 0;
    bool ending = false;
  };

  void run();
  void follow(const Orders& orders);
  void read(const std::set<wire::IpAddress>& addresses);
  void take(std::string_view line, wire::IpvsSyncMessage& message);
  void send(wire::IpvsSyncMessage& message);
  void forgetSender();
  /// Whether there is a socket.
  bool reach();
  int waitingTime() const;

  const os::Wakeup wake_;
  os::Thread thread_;

  // Shared, under lock_.
  std::mutex lock_;
  std::condition_variable answered_;
  Orders orders_;
  bool started_ = false;
  std::uint64_t answeredTo_ = 0;
  bool ended_ = false;
  std::atomic<ipvs::Time> endBy_{ipvs::Time::max()};  ///< no reading goes on after that

  std::mutex stop_;

  // The thread's own.
  std::optional<wire::IpvsDaemon> daemon_;
  std::set<wire::IpAddress> carried_;
  ipvs::Tellings tellings_;
  os::Fd sender_;
  std::size_t maxSize_ = 0;
  std::optional<ipvs::Time> next_;  ///< reading; none while nothing is carried
  int sent_ = 0;                    ///< in this reading
};

}  // namespace aloft::runtime
