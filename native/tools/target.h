#pragma once
// One address that is pinged or asked for: its probes, what became of them, and the records of that. Pure.

#include <cstdint>

#include "tools/doubleAnswer.h"
#include "tools/outage.h"
#include "tools/record.h"
#include "tools/window.h"

namespace aloft::tools {

class Target {
 public:
  enum class By : std::uint8_t { Echo, Arp };

  Target(By by, const wire::IpAddress& address, Nanoseconds timeout, Nanoseconds gap)
      : by_(by), address_(address), window_(timeout), outages_(gap) {}

  const wire::IpAddress& address() const { return address_; }
  std::uint64_t nextSequence() const { return window_.nextSequence(); }
  void send(Nanoseconds nowNs) { window_.send(nowNs); }
  void countSendError() { ++sendErrors_; }
  /// An answer to the probe `sequence`; `mac` is who gave it, where that is known.
  void answer(std::uint64_t sequence, Nanoseconds atNs, const wire::MacAddress* mac = nullptr);
  /// Records what is decided by now. All answers received so far must have been given.
  void settle(Nanoseconds nowNs, RecordWriter& writer);
  /// Records what goes on, and the summary. After the last settle().
  void finish(RecordWriter& writer);

 private:
  void settleProbe(const Probe& probe, RecordWriter& writer);
  void recordOutage(const Outage& outage, RecordWriter& writer);
  void recordDoubleAnswer(const DoubleAnswer& doubleAnswer, RecordWriter& writer);
  void recordSummary(RecordWriter& writer) const;
  Record begin(std::string_view type) const;

  By by_;
  wire::IpAddress address_;
  ProbeWindow window_;
  OutageDetector outages_;
  DoubleAnswerDetector doubleAnswers_;
  OwnerHistory owners_;
  std::uint64_t sent_ = 0, answered_ = 0, late_ = 0, sendErrors_ = 0;
  std::uint64_t outageCount_ = 0, doubleAnswerCount_ = 0;
  Nanoseconds longestOutage_ = 0, doubleAnswerSum_ = 0;
  Nanoseconds roundTripMin_ = 0, roundTripMax_ = 0, roundTripSum_ = 0;
};

}  // namespace aloft::tools
