#include "runtime/announcer.h"

#include <algorithm>

#include "wire/arp.h"
#include "wire/ndisc.h"

namespace aloft::runtime {
namespace {

template <class Bytes>
void fill(os::PacketSocket::Frame& frame, const Bytes& bytes) {
  static_assert(std::tuple_size_v<Bytes> <= os::PacketSocket::kMaxFrame);
  std::copy(bytes.begin(), bytes.end(), frame.bytes.begin());
  frame.size = bytes.size();
}

void encode(os::PacketSocket::Frame& frame, const wire::MacAddress& mac, const wire::IpAddress& address) {
  if (address.family == wire::Family::IPv4) {
    fill(frame, wire::encodeGratuitousArp(mac, address));
  } else {
    fill(frame, wire::encodeUnsolicitedNa(mac, address));
  }
}

}  // namespace

void Announcer::announce(vrrp::RouterId router) {
  if (count_ == kQueue) return;
  at(count_++) = {router, 0};
}

void Announcer::cancel(vrrp::RouterId router) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (at(i).router == router) at(i).router = 0;
  }
}

void Announcer::sendSome(const vrrp::Engine& engine) {
  std::size_t budget = frames_.size();
  while (count_ > 0 && budget > 0) {
    Entry& entry = at(0);
    const vrrp::Engine::Announcement announcement = entry.router == 0 ? vrrp::Engine::Announcement{} : engine.announcement(entry.router);
    const auto addresses = announcement.addresses;
    const std::size_t first = std::min<std::size_t>(entry.nextAddress, addresses.size());
    const std::size_t count = std::min(addresses.size() - first, budget);
    for (std::size_t i = 0; i < count; ++i) encode(frames_[i], announcement.mac, addresses[first + i].address);
    failures_ += socket_.send(announcement.ifindex, std::span(frames_).first(count));
    budget -= count;
    entry.nextAddress = static_cast<std::uint32_t>(first + count);
    if (entry.nextAddress >= addresses.size()) popFront();
  }
}

void Announcer::popFront() {
  begin_ = (begin_ + 1) % kQueue;
  --count_;
}

}  // namespace aloft::runtime
