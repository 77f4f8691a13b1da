#include <array>
#include <map>

#include "tools/announcement.h"
#include "tools/benchRuns.h"
#include "tools/loop.h"
#include "tools/packetSocket.h"
#include "tools/receiver.h"
#include "tools/record.h"
#include "tools/reigns.h"
#include "wire/ethernet.h"

#include <poll.h>

namespace aloft::tools {
namespace {

/// The kernel stamps what it received: it may wait, and reading it all at once costs less.
constexpr int kPauseMs = 5;

class Tally {
 public:
  void handle(std::span<const std::uint8_t> frame, Nanoseconds atNs) {
    if (const auto packet = wire::decodeArp(frame)) {
      announce(captureAnnouncement(*packet, wire::loadMac(frame, 6)), atNs);
    } else if (const auto message = wire::decodeNeighbor(frame)) {
      announce(captureAnnouncement(*message), atNs);
    } else if (const auto advert = captureAdvert(frame)) {
      hear(*advert, atNs);
    }
  }

  void write(RecordWriter& writer) const {
    for (const auto& [key, router] : routers_) {
      writer.write(Record("adverts")
                       .text("family", key.first == wire::Family::IPv4 ? "IPv4" : "IPv6")
                       .number("virtualRouterID", std::int64_t{key.second})
                       .number("changes", router.reigns.changes())
                       .number("resignations", router.resignations)
                       .list("reigns", router.reigns.kept(), [](const auto& reign) { return json(reign); }));
    }
    for (const auto& [address, reigns] : announcements_) {
      writer.write(Record("announcements")
                       .address("address", address)
                       .number("changes", reigns.changes())
                       .list("reigns", reigns.kept(), [](const auto& reign) { return json(reign); }));
    }
  }

  std::uint64_t discarded() const { return discarded_; }

 private:
  struct Router {
    Reigns<wire::IpAddress> reigns;
    std::uint64_t resignations = 0;
  };

  void hear(const CapturedAdvert& advert, Nanoseconds atNs) {
    if (advert.discard) {
      ++discarded_;
      return;
    }
    Router& router = routers_[{advert.source.family, advert.virtualRouterId}];
    if (advert.priority == 0) {
      ++router.resignations;
    } else {
      router.reigns.hear(advert.source, atNs);
    }
  }

  void announce(const std::optional<CapturedAnnouncement>& announcement, Nanoseconds atNs) {
    if (announcement) announcements_[announcement->address].hear(announcement->mac, atNs);
  }

  template <class Who>
  static std::string json(const Reign<Who>& reign) {
    const auto number = [](const char* name, std::int64_t value) { return std::string(",\"") + name + "\":" + std::to_string(value); };
    return "{\"who\":" + jsonString(wire::format(reign.who)) + number("firstNs", reign.firstNs) + number("lastNs", reign.lastNs) +
           number("count", static_cast<std::int64_t>(reign.count)) + number("gapP50Us", quantile(reign.gapsUs, 0.5)) +
           number("gapP99Us", quantile(reign.gapsUs, 0.99)) + number("gapMaxUs", quantile(reign.gapsUs, 1)) + '}';
  }

  std::map<std::pair<wire::Family, std::uint8_t>, Router> routers_;
  std::map<wire::IpAddress, Reigns<wire::MacAddress>> announcements_;
  std::uint64_t discarded_ = 0;
};

}  // namespace

std::string tally(const BenchOptions& options) {
  RecordWriter writer;
  std::string error = writer.open(options.output, true);
  PacketSocket socket;
  const auto seen = options.outgoing ? PacketSocket::Seen::Both : PacketSocket::Seen::Incoming;
  if (error.empty()) error = socket.open(options.interface, !options.outgoing, seen);
  if (!error.empty()) return error;
  const int signals = openSignals();
  writer.write(Record("start").number("version", std::int64_t{1}).number("timeNs", monotonicNow()));
  error = writer.drain();
  Tally tally;
  Receiver receiver;
  const auto receive = [&] {
    for (auto batch = receiver.receive(socket.fd()); !batch.empty(); batch = receiver.receive(socket.fd())) {
      for (const Received& packet : batch) tally.handle(packet.bytes, packet.atNs);
    }
  };
  const Nanoseconds end = options.duration > 0 ? monotonicNow() + options.duration : INT64_MAX;
  while (error.empty() && monotonicNow() < end && !isSignalled(signals)) {
    receive();
    pollfd signal{signals, POLLIN, 0};
    poll(&signal, 1, kPauseMs);
  }
  receive();
  tally.write(writer);
  writer.write(
      Record("end").number("timeNs", monotonicNow()).number("discarded", tally.discarded()).number("dropped", droppedPackets(socket.fd())));
  const std::string unwritten = writer.drain();
  return error.empty() ? unwritten : error;
}

}  // namespace aloft::tools
