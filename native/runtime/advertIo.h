#pragma once
// The vrrp thread's side of the sockets: which are watched, adverts in, adverts out. No allocation, no call that takes RTNL.

#include <algorithm>
#include <array>
#include <cstdint>

#include "os/epoll.h"
#include "os/fd.h"
#include "os/packetSocket.h"
#include "os/vrrpBatch.h"
#include "runtime/messages.h"

namespace aloft::runtime {

class AdvertIo {
 public:
  /// Both senders by os::openVrrpSender(); `frames` is for adverts with a virtual router MAC address.
  AdvertIo(os::Epoll& epoll, os::Fd sender4, os::Fd sender6, os::PacketSocket& frames);

  /// Watches the sockets of `next` from now on. Returns the former table.
  SocketTable* replace(SocketTable* next);

  /// Tokens of sockets in epoll; others are the caller's.
  static bool isSocket(std::uint64_t token) { return (token & kSocketBit) != 0; }

  /// Reads what is queued at the socket of a token, whole batches until `budget` packets are taken: the rest is there in the next round, so
  /// that a flood cannot keep the thread from its timers. Returns how many packets were taken.
  template <class Handler>
  std::size_t receive(std::uint64_t token, std::size_t budget, const Handler& handle) {
    const AdvertSocket socket = fromToken(token);
    for (std::size_t total = 0;;) {
      const std::size_t taken = receiver_.receive(socket.fd, socket.family);
      for (const os::VrrpPacket& packet : receiver_.packets()) {
        handle(vrrp::ReceivedAdvert{socket.ifindex, packet.source, packet.destination, packet.ttl, packet.message});
      }
      total += taken;
      if (taken < os::VrrpReceiver::kBatch || total >= budget) return total;
    }
  }

  /// Queues an advert, by whichever interface it names; `onError(router)` is called for each that could not be sent, at the latest from
  /// flush().
  template <class OnError>
  void send(vrrp::RouterId router, const vrrp::Engine::Transmit& advert, const OnError& onError) {
    if (advert.ifindex == 0 || advert.message.empty()) return onError(router);
    if (advert.mac != wire::MacAddress{}) {
      if (frameCount_ == frames_.size()) flushFrames(onError);
      if (!addFrame(router, advert)) onError(router);
      return;
    }
    os::VrrpSender& batch = batches_[static_cast<std::size_t>(advert.source.family)];
    if (batch.full()) flush(advert.source.family, onError);
    batch.add({advert.ifindex, advert.source, advert.destination, advert.message, router, advert.ttl});
  }

  template <class OnError>
  void flush(const OnError& onError) {
    for (const wire::Family family : {wire::Family::IPv4, wire::Family::IPv6}) flush(family, onError);
    flushFrames(onError);
  }

 private:
  static constexpr std::uint64_t kSocketBit = 1ULL << 63;

  template <class OnError>
  void flush(wire::Family family, const OnError& onError) {
    const auto index = static_cast<std::size_t>(family);
    if (batches_[index].empty()) return;
    for (const std::uint32_t router : batches_[index].flush(senders_[index].get())) onError(router);
  }

  template <class OnError>
  void flushFrames(const OnError& onError) {
    if (frameCount_ == 0) return;
    for (const std::size_t failed : packetSocket_.send(std::span(frames_).first(frameCount_))) onError(frameRouters_[failed]);
    frameCount_ = 0;
  }

  /// False when it does not fit into a frame.
  bool addFrame(vrrp::RouterId router, const vrrp::Engine::Transmit& advert);
  static std::uint64_t toToken(const AdvertSocket& socket);
  static AdvertSocket fromToken(std::uint64_t token);
  static bool contains(const SocketTable* table, const AdvertSocket& socket);

  os::Epoll& epoll_;
  SocketTable* sockets_ = nullptr;
  std::array<os::Fd, 2> senders_;  ///< by family
  os::VrrpReceiver receiver_;
  std::array<os::VrrpSender, 2> batches_;
  os::PacketSocket& packetSocket_;
  std::array<os::PacketSocket::Frame, os::PacketSocket::kBatch> frames_{};
  std::array<vrrp::RouterId, os::PacketSocket::kBatch> frameRouters_{};
  std::size_t frameCount_ = 0;
};

}  // namespace aloft::runtime
