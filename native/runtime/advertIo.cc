#include "runtime/advertIo.h"

#include <algorithm>
#include <tuple>

namespace aloft::runtime {
namespace {

auto identity(const AdvertSocket& socket) { return std::tuple(socket.ifindex, socket.family); }

bool before(const AdvertSocket& a, const AdvertSocket& b) { return identity(a) < identity(b); }

}  // namespace

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

int AdvertIo::socketFor(std::uint32_t ifindex, wire::Family family) const {
  if (sockets_ == nullptr) return -1;
  const AdvertSocket wanted{ifindex, family, -1};
  const auto found = std::lower_bound(sockets_->begin(), sockets_->end(), wanted, before);
  return found != sockets_->end() && identity(*found) == identity(wanted) ? found->fd : -1;
}

}  // namespace aloft::runtime
