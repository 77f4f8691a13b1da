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

Announcer::Announcer(os::PacketSocket& socket) : socket_(socket) {
  for (std::uint16_t i = 0; i < kQueue; ++i) append(free_, i);
}

// ----- What waits -----

void Announcer::announce(const vrrp::Engine& engine, vrrp::RouterId router, std::uint8_t copies) {
  for (const vrrp::Lane lane : engine.lanes(router)) {
    const Entry entry{router, Kind::Announcement, copies};
    if (lane == vrrp::kNoPace) {
      push(lane, entry);
    } else {
      pushOrJoin(lane, entry);
    }
  }
}

void Announcer::cancel(vrrp::RouterId router) {
  for (const Line& line : std::span(lines_).first(lanes_)) {
    for (std::uint16_t i = line.first; i != kNone; i = entries_[i].next) {
      if (entries_[i].router == router) entries_[i].copiesLeft = 0;
    }
  }
}

void Announcer::configure(const vrrp::Engine& engine, vrrp::TimePoint now) {
  const auto intervals = engine.laneIntervals();
  if (lanes_ == 1 && intervals.size() == 1) return;
  Line waiting;
  for (Line& line : std::span(lines_).first(lanes_)) {
    while (line.first != kNone) append(waiting, takeFirst(line));
  }
  lanes_ = intervals.size();
  std::copy(intervals.begin(), intervals.end(), intervals_.begin());
  for (std::size_t lane = 1; lane < lanes_; ++lane) lines_[lane].due = now + intervals_[lane];
  while (waiting.first != kNone) {
    const std::uint16_t index = takeFirst(waiting);
    const Entry entry = entries_[index];
    append(free_, index);
    if (entry.copiesLeft == 0) continue;
    if (entry.kind == Kind::Probe) {
      push(vrrp::kNoPace, entry);
    } else {
      announce(engine, entry.router, entry.copiesLeft);
    }
  }
}

void Announcer::pushOrJoin(vrrp::Lane lane, const Entry& entry) {
  for (std::uint16_t i = lines_[lane].first; i != kNone; i = entries_[i].next) {
    Entry& waiting = entries_[i];
    if (waiting.router != entry.router || waiting.copiesLeft == 0) continue;
    // Those that this round has passed have had one less.
    const int wanted = entry.copiesLeft + (waiting.nextAddress > 0 ? 1 : 0);
    waiting.copiesLeft = static_cast<std::uint8_t>(std::clamp<int>(wanted, waiting.copiesLeft, 255));
    return;
  }
  push(lane, entry);
}

void Announcer::push(vrrp::Lane lane, Entry entry) {
  if (free_.first == kNone) return;
  const std::uint16_t index = takeFirst(free_);
  entries_[index] = entry;
  append(lines_[lane], index);
}

void Announcer::append(Line& line, std::uint16_t index) {
  entries_[index].next = kNone;
  if (line.first == kNone) {
    line.first = index;
  } else {
    entries_[line.last].next = index;
  }
  line.last = index;
}

std::uint16_t Announcer::takeFirst(Line& line) {
  const std::uint16_t index = line.first;
  line.first = entries_[index].next;
  return index;
}

// ----- What leaves -----

vrrp::TimePoint Announcer::nextDeadline() const {
  auto next = vrrp::TimePoint::max();
  for (const Line& line : std::span(lines_).first(lanes_)) {
    if (line.first != kNone) next = std::min(next, line.due);
  }
  return next;
}

/// Where there is a pace one frame is due at a time.
void Announcer::sendSome(const vrrp::Engine& engine, vrrp::TimePoint now) {
  used_ = 0;
  for (std::size_t lane = lanes_; lane-- > 0;) {
    Line& line = lines_[lane];
    if (line.first == kNone || now < line.due || used_ == frames_.size()) continue;
    const bool paced = lane != vrrp::kNoPace;
    const Budget budget{paced ? 1 : frames_.size() - used_, kLooks};
    const bool sends = serve(static_cast<vrrp::Lane>(lane), engine, budget) > 0;
    if (!paced) {
      line.due = now + kBetweenBatches;
    } else if (sends) {
      line.due = now + intervals_[lane];
    }
  }
  if (used_ > 0) failures_ += socket_.send(std::span(frames_).first(used_)).size();
}

std::size_t Announcer::serve(vrrp::Lane lane, const vrrp::Engine& engine, Budget budget) {
  Line& line = lines_[lane];
  std::size_t sent = 0;
  while (line.first != kNone && budget.frames > 0 && budget.looks > 0) {
    Entry& entry = entries_[line.first];
    sent += fill(entry, lane, engine, budget);
    if (entry.copiesLeft == 0) append(free_, takeFirst(line));
  }
  return sent;
}

std::size_t Announcer::fill(Entry& entry, vrrp::Lane lane, const vrrp::Engine& engine, Budget& budget) {
  const std::size_t before = used_;
  const std::size_t addresses = engine.announcements(entry.router);
  if (addresses == 0) entry.copiesLeft = 0;
  for (; entry.copiesLeft > 0 && budget.frames > 0 && budget.looks > 0; --budget.looks) {
    const vrrp::Engine::Announcement next = engine.announcement(entry.router, entry.nextAddress);
    if (next.ifindex != 0 && (entry.kind == Kind::Probe || next.lane == lane)) {
      encode(frames_[used_++], next, entry.kind == Kind::Probe);
      --budget.frames;
    }
    if (++entry.nextAddress < addresses) continue;
    entry.nextAddress = 0;
    --entry.copiesLeft;
  }
  return used_ - before;
}

}  // namespace aloft::runtime
