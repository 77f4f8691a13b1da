#include "tools/observer.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "tools/loop.h"
#include "wire/ethernet.h"

namespace aloft::tools {
namespace {

std::size_t indexOf(wire::Family family) { return family == wire::Family::IPv4 ? 0 : 1; }

}  // namespace

Observer::~Observer() {
  if (epoll_ >= 0) close(epoll_);
  if (signals_ >= 0) close(signals_);
}

std::string Observer::open() {
  std::string error = writer_.open(options_.output, options_.stream);
  if (error.empty()) error = openSockets();
  if (!error.empty()) return error;
  realTime_ = becomeRealTime();
  recordStart();
  error = openLoop();
  return error.empty() ? writer_.drain() : error;
}

std::string Observer::openSockets() {
  std::string error = packets_.open(options_.interface, options_.capture);
  if (!error.empty()) return error;
  questions_.emplace(packets_.mac());
  for (const wire::IpAddress& address : options_.arp) arpTargets_.emplace_back(Target::By::Arp, address, options_.timeout, options_.gap);
  for (const wire::IpAddress& address : options_.echo) {
    echoTargets_.emplace_back(Target::By::Echo, address, options_.timeout, options_.gap);
    EchoSocket& socket = echoes_[indexOf(address.family)];
    if (socket.fd() < 0) error = socket.open(address.family, packets_.interfaceIndex());
    if (!error.empty()) return error;
  }
  return "";
}

std::string Observer::openLoop() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  signals_ = openSignals();
  const Nanoseconds start = monotonicNow() + kMillisecond;
  std::string error;
  if (!echoTargets_.empty()) error = echoTimer_.start(start, options_.every);
  // Half a period apart, so that echoes and questions do not crowd.
  if (error.empty() && !arpTargets_.empty()) error = arpTimer_.start(start + options_.every / 2, options_.arpEvery);
  if (error.empty() && options_.duration > 0) error = endTimer_.start(start + options_.duration, 0);
  for (const int fd : {packets_.fd(), echoes_[0].fd(), echoes_[1].fd(), echoTimer_.fd(), arpTimer_.fd(), endTimer_.fd(), signals_}) {
    if (error.empty() && fd >= 0) error = watch(fd);
  }
  return error;
}

std::string Observer::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0 ? systemError("epoll") : "";
}

void Observer::recordStart() {
  writer_.write(Record("start")
                    .number("version", std::int64_t{1})
                    .number("timeNs", monotonicNow())
                    .text("interface", options_.interface)
                    .mac("mac", packets_.mac())
                    .flag("realTime", realTime_));
}

std::string Observer::run() {
  std::string error;
  while (wait(error)) {
    receiveAndSettle();
    error = writer_.flush();
    if (!error.empty()) return error;
  }
  finish();
  const std::string unwritten = writer_.drain();
  return error.empty() ? unwritten : error;
}

/// Waits for something and serves it. False when the observation is over.
bool Observer::wait(std::string& error) {
  std::array<epoll_event, 8> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
  if (count < 0 && errno != EINTR) {
    error = systemError("epoll_wait");
    return false;
  }
  bool echo = false, arp = false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(count, 0)); ++i) {
    const int fd = events[i].data.fd;
    if (fd == signals_ || fd == endTimer_.fd()) return false;
    if (fd == echoTimer_.fd()) echo = echoTimer_.expire() >= 0;
    if (fd == arpTimer_.fd()) arp = arpTimer_.expire() >= 0;
  }
  if (echo) sendEchoes();
  if (arp) sendQuestions();
  return true;
}

void Observer::sendEchoes() {
  for (std::uint32_t i = 0; i < echoTargets_.size(); ++i) {
    Target& target = echoTargets_[i];
    const std::uint64_t sequence = target.nextSequence();
    target.send(monotonicNow());
    if (!echoes_[indexOf(target.address().family)].send(target.address(), i, sequence)) target.countSendError();
  }
}

void Observer::sendQuestions() {
  for (Target& target : arpTargets_) {
    const std::span<const std::uint8_t> frame = questions_->frame(target.address(), target.nextSequence());
    target.send(monotonicNow());
    if (!packets_.send(frame)) target.countSendError();
  }
}

void Observer::receiveReplies(const EchoSocket& socket) {
  for (auto batch = receiver_.receive(socket.fd()); !batch.empty(); batch = receiver_.receive(socket.fd())) {
    for (const Received& packet : batch) {
      const auto reply = socket.parse(packet.bytes);
      if (reply && reply->target < echoTargets_.size()) echoTargets_[reply->target].answer(reply->sequence, packet.atNs);
    }
  }
}

void Observer::receiveFrames() {
  for (auto batch = receiver_.receive(packets_.fd()); !batch.empty(); batch = receiver_.receive(packets_.fd())) {
    for (const Received& packet : batch) handleFrame(packet.bytes, packet.atNs);
  }
}

void Observer::handleFrame(std::span<const std::uint8_t> frame, Nanoseconds atNs) {
  std::optional<Answer> answer;
  std::optional<CapturedAnnouncement> announcement;
  if (const auto packet = wire::decodeArp(frame)) {
    answer = questions_->match(*packet);
    announcement = captureAnnouncement(*packet, wire::loadMac(frame, 6));
  } else if (const auto message = wire::decodeNeighbor(frame)) {
    answer = questions_->match(*message);
    announcement = captureAnnouncement(*message);
  }
  if (answer) handleAnswer(*answer, atNs);
  if (!options_.capture) return;
  if (announcement) recordAnnouncement(*announcement, atNs);
  if (const auto advert = captureAdvert(frame)) recordAdvert(*advert, atNs);
}

void Observer::handleAnswer(const Answer& answer, Nanoseconds atNs) {
  for (Target& target : arpTargets_) {
    if (target.address() == answer.address) target.answer(Questions::sequenceOf(answer.number, target.nextSequence()), atNs, &answer.mac);
  }
}

void Observer::recordAdvert(const CapturedAdvert& advert, Nanoseconds atNs) {
  writer_.write(Record("advert")
                    .number("timeNs", atNs)
                    .address("source", advert.source)
                    .address("destination", advert.destination)
                    .mac("mac", advert.mac)
                    .number("version", std::int64_t{advert.version})
                    .number("virtualRouterID", std::int64_t{advert.virtualRouterId})
                    .number("priority", std::int64_t{advert.priority})
                    .number("intervalMs", std::int64_t{advert.intervalMs})
                    .number("addresses", std::int64_t{advert.addresses})
                    .number("ttl", std::int64_t{advert.ttl})
                    .text("discard", advert.discard ? wire::name(*advert.discard) : ""));
}

void Observer::recordAnnouncement(const CapturedAnnouncement& announcement, Nanoseconds atNs) {
  const bool arp = announcement.kind == CapturedAnnouncement::Kind::GratuitousArp;
  writer_.write(Record("announcement")
                    .number("timeNs", atNs)
                    .text("kind", arp ? "garp" : "na")
                    .address("address", announcement.address)
                    .mac("mac", announcement.mac)
                    .mac("frameMac", announcement.frameMac));
}

void Observer::receiveAndSettle() {
  // Read before receiving: all that came in by then is given to the targets before they settle.
  const Nanoseconds now = monotonicNow();
  receiveFrames();
  for (const EchoSocket& socket : echoes_) {
    if (socket.fd() >= 0) receiveReplies(socket);
  }
  for (Target& target : echoTargets_) target.settle(now, writer_);
  for (Target& target : arpTargets_) target.settle(now, writer_);
}

void Observer::finish() {
  // The last probes have their time for an answer as all others.
  const Nanoseconds end = monotonicNow() + options_.timeout + kMillisecond;
  for (Nanoseconds now = monotonicNow(); now < end; now = monotonicNow()) {
    pollfd none{-1, 0, 0};
    poll(&none, 1, 1);
    receiveAndSettle();
  }
  for (Target& target : echoTargets_) target.finish(writer_);
  for (Target& target : arpTargets_) target.finish(writer_);
  std::uint64_t dropped = droppedPackets(packets_.fd());
  for (const EchoSocket& socket : echoes_) dropped += socket.fd() >= 0 ? droppedPackets(socket.fd()) : 0;
  writer_.write(Record("end")
                    .number("timeNs", monotonicNow())
                    .number("ticks", echoTimer_.ticks() + arpTimer_.ticks())
                    .number("missedTicks", echoTimer_.missed() + arpTimer_.missed())
                    .number("maxLatenessNs", std::max(echoTimer_.maxLateness(), arpTimer_.maxLateness()))
                    .number("dropped", dropped));
}

}  // namespace aloft::tools
