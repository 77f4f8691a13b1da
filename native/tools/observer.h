#pragma once
// The observation: sockets, timers and one loop.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tools/announcement.h"
#include "tools/echoSocket.h"
#include "tools/options.h"
#include "tools/packetSocket.h"
#include "tools/question.h"
#include "tools/receiver.h"
#include "tools/record.h"
#include "tools/target.h"
#include "tools/timer.h"

namespace aloft::tools {

class Observer {
 public:
  explicit Observer(const Options& options) : options_(options) {}
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer();

  /// Opens everything and writes the record "start". Returns what is wrong, or an empty string; so does run().
  std::string open();
  /// Observes until SIGTERM, SIGINT or the end of --duration, waits for the last answers, writes the rest.
  std::string run();

 private:
  std::string openSockets();
  std::string openLoop();
  std::string watch(int fd);
  void recordStart();
  bool wait(std::string& error);
  void sendEchoes();
  void sendQuestions();
  void receiveReplies(const EchoSocket& socket);
  void receiveFrames();
  void handleFrame(std::span<const std::uint8_t> frame, Nanoseconds atNs);
  void handleAnswer(const Answer& answer, Nanoseconds atNs);
  void recordAdvert(const CapturedAdvert& advert, Nanoseconds atNs);
  void recordAnnouncement(const CapturedAnnouncement& announcement, Nanoseconds atNs);
  void receiveAndSettle();
  void finish();

  const Options& options_;
  RecordWriter writer_;
  Receiver receiver_;
  PacketSocket packets_;
  EchoSocket echoes_[2];  // by wire::Family
  std::optional<Questions> questions_;
  std::vector<Target> echoTargets_, arpTargets_;
  Timer echoTimer_, arpTimer_, endTimer_;
  int epoll_ = -1;
  int signals_ = -1;
  bool realTime_ = false;
};

}  // namespace aloft::tools
