#pragma once
// The vrrp thread's side of the sockets: which are watched, adverts in, adverts out. No allocation, no call that takes RTNL.

#include <cstdint>

#include "os/epoll.h"
#include "os/vrrpBatch.h"
#include "runtime/messages.h"

namespace aloft::runtime {

class AdvertIo {
 public:
  explicit AdvertIo(os::Epoll& epoll) : epoll_(epoll) {}

  /// Uses `next` from now on. Returns the former table.
  SocketTable* replace(SocketTable* next);

  /// Tokens of sockets in epoll; others are the caller's.
  static bool isSocket(std::uint64_t token) { return (token & kSocketBit) != 0; }

  /// Reads what is queued at the socket of a token, at most kMaxReceiveBatches × VrrpReceiver::kBatch packets: the rest is there in the
  /// next round, so that a flood cannot keep the thread from its timers.
  template <class Handler>
  void receive(std::uint64_t token, Handler&& handle) {
    const AdvertSocket socket = fromToken(token);
    for (int round = 0; round < kMaxReceiveBatches; ++round) {
      const std::size_t taken = receiver_.receive(socket.fd, socket.family);
      for (const os::VrrpPacket& packet : receiver_.packets()) {
        handle(vrrp::ReceivedAdvert{socket.ifindex, packet.source, packet.destination, packet.ttl, packet.message});
      }
      if (taken < os::VrrpReceiver::kBatch) return;
    }
  }

  /// Queues an advert; `onError(router)` is called for each that could not be sent, at the latest from flush().
  template <class OnError>
  void send(vrrp::RouterId router, const vrrp::Engine::Transmit& advert, OnError&& onError) {
    const int fd = socketFor(advert.ifindex, advert.source.family);
    if (fd < 0 || advert.message.empty()) {
      onError(router);
      return;
    }
    if (fd != sendFd_ || sender_.full()) flush(onError);
    sendFd_ = fd;
    sender_.add({advert.ifindex, advert.source, advert.destination, advert.message, router});
  }

  template <class OnError>
  void flush(OnError&& onError) {
    if (sender_.empty()) return;
    for (const std::uint32_t router : sender_.flush(sendFd_)) onError(router);
  }

 private:
  static constexpr int kMaxReceiveBatches = 8;
  static constexpr std::uint64_t kSocketBit = 1ULL << 63;

  static std::uint64_t toToken(const AdvertSocket& socket);
  static AdvertSocket fromToken(std::uint64_t token);
  /// -1 when there is none.
  int socketFor(std::uint32_t ifindex, wire::Family family) const;
  static bool contains(const SocketTable* table, const AdvertSocket& socket);

  os::Epoll& epoll_;
  SocketTable* sockets_ = nullptr;
  os::VrrpReceiver receiver_;
  os::VrrpSender sender_;
  int sendFd_ = -1;
};

}  // namespace aloft::runtime
