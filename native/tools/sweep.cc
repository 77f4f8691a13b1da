#include <poll.h>

#include <algorithm>
#include <fstream>

#include "tools/announcement.h"
#include "tools/benchRuns.h"
#include "tools/claims.h"
#include "tools/loop.h"
#include "tools/packetSocket.h"
#include "tools/question.h"
#include "tools/receiver.h"
#include "tools/record.h"
#include "wire/ethernet.h"

namespace aloft::tools {
namespace {

/// At most so many questions a millisecond for addresses that were announced: more would keep a processor busy with them.
constexpr std::size_t kAnnouncedPerTick = 200;
/// And for those that were not.
constexpr std::size_t kOthersPerTick = 2;

std::string readAddresses(const std::string& path, std::vector<wire::IpAddress>& addresses) {
  std::ifstream file(path);
  if (!file) return "cannot read " + path;
  for (std::string line; std::getline(file, line);) {
    wire::IpAddress address;
    if (!wire::parseIpAddress(line, address)) return path + ": \"" + line + "\" is no address";
    addresses.push_back(address);
  }
  return addresses.empty() ? path + " names no address" : "";
}

class Sweep {
 public:
  Sweep(const BenchOptions& options, const std::vector<wire::IpAddress>& addresses)
      : owner_(options.owner), eager_(options.eager), claims_(addresses) {}

  std::string open(const std::string& interface) {
    const std::string error = socket_.open(interface, false);
    if (!error.empty()) return error;
    questions_.emplace(socket_.mac());
    if (eager_) {
      for (const Claims::Claim& claim : std::vector(claims_.all())) claims_.announced(claim.address, monotonicNow());
    }
    return "";
  }

  void tick() {
    receive();
    const Nanoseconds now = monotonicNow();
    if (now < nextTick_) return;
    nextTick_ = now + kMillisecond;
    for (std::size_t i = 0; i < kAnnouncedPerTick; ++i) {
      if (!ask(claims_.nextAnnounced(now))) break;
    }
    for (std::size_t i = 0; i < kOthersPerTick; ++i) {
      if (!ask(claims_.nextInTurn(now))) break;
    }
  }

  void wait(int signals) const {
    std::array<pollfd, 2> entries = {{{socket_.fd(), POLLIN, 0}, {signals, POLLIN, 0}}};
    poll(entries.data(), entries.size(), 1);
  }

  bool isComplete() const { return claims_.open() == 0; }

  void write(RecordWriter& writer) const {
    for (const Claims::Claim& claim : claims_.all()) {
      writer.write(Record("claim")
                       .address("address", claim.address)
                       .number("announcedNs", claim.announcedNs)
                       .number("answeredNs", claim.answeredNs));
    }
    writer.write(Record("end")
                     .number("timeNs", monotonicNow())
                     .number("asked", asked_)
                     .number("open", std::uint64_t{claims_.open()})
                     .number("dropped", droppedPackets(socket_.fd())));
  }

 private:
  bool ask(const Claims::Claim* claim) {
    if (claim == nullptr) return false;
    ++asked_;
    return socket_.send(questions_->frame(claim->address, asked_));
  }

  void receive() {
    for (auto batch = receiver_.receive(socket_.fd()); !batch.empty(); batch = receiver_.receive(socket_.fd())) {
      for (const Received& packet : batch) handle(packet.bytes, packet.atNs);
    }
  }

  void handle(std::span<const std::uint8_t> frame, Nanoseconds atNs) {
    std::optional<Answer> answer;
    std::optional<CapturedAnnouncement> announcement;
    if (const auto packet = wire::decodeArp(frame)) {
      answer = questions_->match(*packet);
      announcement = captureAnnouncement(*packet, wire::loadMac(frame, 6));
    } else if (const auto message = wire::decodeNeighbor(frame)) {
      answer = questions_->match(*message);
      announcement = captureAnnouncement(*message);
    }
    if (answer && answer->mac == owner_) claims_.answered(answer->address, atNs);
    if (announcement && announcement->mac == owner_) claims_.announced(announcement->address, atNs);
  }

  wire::MacAddress owner_;
  bool eager_;
  Claims claims_;
  PacketSocket socket_;
  Receiver receiver_;
  std::optional<Questions> questions_;
  Nanoseconds nextTick_ = 0;
  std::uint64_t asked_ = 0;
};

}  // namespace

std::string sweep(const BenchOptions& options) {
  std::vector<wire::IpAddress> addresses;
  std::string error = readAddresses(options.addresses, addresses);
  RecordWriter writer;
  if (error.empty()) error = writer.open(options.output, true);
  if (!error.empty()) return error;
  Sweep sweep(options, addresses);
  error = sweep.open(options.interface);
  if (!error.empty()) return error;
  const int signals = openSignals();
  writer.write(Record("start").number("version", std::int64_t{1}).number("timeNs", monotonicNow()));
  error = writer.drain();
  const Nanoseconds end = options.duration > 0 ? monotonicNow() + options.duration : INT64_MAX;
  while (error.empty() && !sweep.isComplete() && monotonicNow() < end && !isSignalled(signals)) {
    sweep.tick();
    sweep.wait(signals);
  }
  sweep.write(writer);
  const std::string unwritten = writer.drain();
  return error.empty() ? unwritten : error;
}

}  // namespace aloft::tools
