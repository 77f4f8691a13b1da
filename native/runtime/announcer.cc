#include "runtime/announcer.h"

#include <algorithm>

#include "wire/arp.h"
#include "wire/ndisc.h"

namespace aloft::runtime {
namespace {

template <class Bytes>
void put(os::PacketSocket::Frame& frame, const Bytes& bytes) {
  static_assert(std::tuple_size_v<Bytes> <= os::PacketSocket::kMaxFrame);
  std::copy(bytes.begin(), bytes.end(), frame.bytes.begin());
  frame.size = bytes.size();
}

void encode(os::PacketSocket::Frame& frame, const vrrp::Engine::Announcement& what, bool probe) {
  frame.ifindex = what.ifindex;
  if (what.address.family == wire::Family::IPv4) {
    put(frame, probe ? wire::encodeArpProbe(what.mac, what.address) : wire::encodeGratuitousArp(what.mac, what.address));
  } else if (probe) {
    put(frame, wire::encodeDuplicateAddressProbe(what.mac, what.address));
  } else {
    put(frame, wire::encodeUnsolicitedNa(what.mac, what.address));
  }
}

}  // namespace

void Announcer::push(const Entry& entry) {
  if (count_ < kQueue) at(count_++) = entry;
}

void Announcer::cancel(vrrp::RouterId router) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (at(i).router == router) at(i).copiesLeft = 0;
  }
}

void Announcer::sendSome(const vrrp::Engine& engine, vrrp::TimePoint now) {
  if (count_ == 0 || now < nextBatch_) return;
  std::size_t used = 0;
  while (count_ > 0 && used < frames_.size()) {
    Entry& entry = at(0);
    used = fill(entry, engine, used);
    if (entry.copiesLeft == 0) popFront();
  }
  if (used > 0) failures_ += socket_.send(std::span(frames_).first(used)).size();
  nextBatch_ = now + kBetweenBatches;
}

std::size_t Announcer::fill(Entry& entry, const vrrp::Engine& engine, std::size_t used) {
  const std::size_t addresses = engine.announcements(entry.router);
  if (addresses == 0) entry.copiesLeft = 0;
  while (entry.copiesLeft > 0 && used < frames_.size()) {
    const vrrp::Engine::Announcement next = engine.announcement(entry.router, entry.nextAddress);
    if (next.ifindex != 0) encode(frames_[used++], next, entry.kind == Kind::Probe);
    if (++entry.nextAddress < addresses) continue;
    entry.nextAddress = 0;
    --entry.copiesLeft;
  }
  return used;
}

void Announcer::popFront() {
  begin_ = (begin_ + 1) % kQueue;
  --count_;
}

}  // namespace aloft::runtime
