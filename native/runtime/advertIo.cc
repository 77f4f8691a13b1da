#include "runtime/advertIo.h"

#include <algorithm>
#include <tuple>

#include "wire/advertFrame.h"

namespace aloft::runtime {
namespace {

auto identity(const AdvertSocket& socket) { return std::tuple(socket.ifindex, socket.family); }

bool before(const AdvertSocket& a, const AdvertSocket& b) { return identity(a) < identity(b); }

}  // namespace

AdvertIo::AdvertIo(os::Epoll& epoll, os::Fd sender4, os::Fd sender6, os::PacketSocket& frames)
    : epoll_(epoll), senders_{std::move(sender4), std::move(sender6)}, packetSocket_(frames) {}

// A macvlan is down until its virtual router is MASTER, and the first advert comes before that: it leaves by the interface below.
bool AdvertIo::addFrame(vrrp::RouterId router, const vrrp::Engine::Transmit& advert) {
  os::PacketSocket::Frame& frame = frames_[frameCount_];
  frame.ifindex = advert.ifindex;
  frame.size = wire::encodeAdvertFrame({advert.mac, advert.source, advert.destination, advert.message}, frame.bytes);
  if (frame.size == 0) return false;
  frameRouters_[frameCount_++] = router;
  return true;
}

// A token holds all that receiving needs: bit 63 set, family in bit 62, descriptor in bits 32–61, interface in the rest.
std::uint64_t AdvertIo::toToken(const AdvertSocket& socket) {
  const std::uint64_t family = socket.family == wire::Family::IPv6 ? 1 : 0;
  return kSocketBit | family << 62 | static_cast<std::uint64_t>(socket.fd) << 32 | socket.ifindex;
}

AdvertSocket AdvertIo::fromToken(std::uint64_t token) {
  const auto family = (token >> 62 & 1) != 0 ? wire::Family::IPv6 : wire::Family::IPv4;
  return {static_cast<std::uint32_t>(token), family, static_cast<int>(token >> 32 & 0x3fffffff)};
}

bool AdvertIo::contains(const SocketTable* table, const AdvertSocket& socket) {
  if (table == nullptr) return false;
  const auto found = std::lower_bound(table->begin(), table->end(), socket, before);
  return found != table->end() && identity(*found) == identity(socket) && found->fd == socket.fd;
}

SocketTable* AdvertIo::replace(SocketTable* next) {
  SocketTable* former = sockets_;
  if (former != nullptr) {
    for (const AdvertSocket& socket : *former) {
      if (!contains(next, socket)) epoll_.remove(socket.fd);
    }
  }
  if (next != nullptr) {
    for (const AdvertSocket& socket : *next) {
      // Fails only without kernel memory; the virtual routers there are then deaf, and their peers win.
      if (!contains(former, socket)) [[maybe_unused]]
        const auto added = epoll_.add(socket.fd, toToken(socket));
    }
  }
  sockets_ = next;
  return former;
}

}  // namespace aloft::runtime
