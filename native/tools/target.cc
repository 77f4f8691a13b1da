#include "tools/target.h"

#include <algorithm>

namespace aloft::tools {
namespace {

std::string macJson(const wire::MacAddress& mac) { return jsonString(wire::format(mac)); }

/// An object inside a list: without the member "type".
std::string tallyJson(const MacTally& tally) {
  return "{\"mac\":" + macJson(tally.mac) + ",\"answers\":" + std::to_string(tally.answers) +
         ",\"firstNs\":" + std::to_string(tally.firstNs) + ",\"lastNs\":" + std::to_string(tally.lastNs) + '}';
}

}  // namespace

Record Target::begin(std::string_view type) const {
  Record record(type);
  record.text("by", by_ == By::Echo ? "echo" : "arp").address("address", address_);
  return record;
}

void Target::answer(std::uint64_t sequence, Nanoseconds atNs, const wire::MacAddress* mac) {
  if (!window_.answer(sequence, atNs, mac)) ++late_;
}

void Target::settle(Nanoseconds nowNs, RecordWriter& writer) {
  for (Probe probe; window_.takeDecided(nowNs, probe);) settleProbe(probe, writer);
}

void Target::settleProbe(const Probe& probe, RecordWriter& writer) {
  ++sent_;
  if (probe.answered()) {
    const Nanoseconds roundTrip = probe.answeredNs - probe.sentNs;
    roundTripMin_ = answered_ == 0 ? roundTrip : std::min(roundTripMin_, roundTrip);
    roundTripMax_ = std::max(roundTripMax_, roundTrip);
    roundTripSum_ += roundTrip;
    ++answered_;
  }
  if (const auto outage = outages_.add(probe.sentNs, probe.answered())) recordOutage(*outage, writer);
  if (by_ == By::Echo) return;
  if (owners_.add(probe)) {
    writer.write(Record("owner").number("timeNs", probe.sentNs).address("address", address_).list("macs", probe.macs, macJson));
  }
  if (const auto ended = doubleAnswers_.add(probe)) recordDoubleAnswer(*ended, writer);
}

void Target::recordOutage(const Outage& outage, RecordWriter& writer) {
  ++outageCount_;
  longestOutage_ = std::max(longestOutage_, outage.duration());
  writer.write(begin("outage")
                   .number("fromNs", outage.fromNs)
                   .number("toNs", outage.toNs)
                   .number("lost", outage.lost)
                   .flag("openStart", outage.openStart)
                   .flag("openEnd", outage.openEnd));
}

void Target::recordDoubleAnswer(const DoubleAnswer& doubleAnswer, RecordWriter& writer) {
  ++doubleAnswerCount_;
  doubleAnswerSum_ += doubleAnswer.duration();
  writer.write(Record("doubleAnswer")
                   .address("address", address_)
                   .number("fromNs", doubleAnswer.fromNs)
                   .number("toNs", doubleAnswer.toNs)
                   .number("questions", doubleAnswer.questions)
                   .list("macs", doubleAnswer.macs, macJson));
}

void Target::finish(RecordWriter& writer) {
  if (const auto outage = outages_.finish()) recordOutage(*outage, writer);
  if (const auto ended = doubleAnswers_.finish()) recordDoubleAnswer(*ended, writer);
  recordSummary(writer);
}

void Target::recordSummary(RecordWriter& writer) const {
  Record record = begin("summary");
  record.number("sent", sent_)
      .number("answered", answered_)
      .number("lost", sent_ - answered_)
      .number("late", late_)
      .number("sendErrors", sendErrors_)
      .number("outages", outageCount_)
      .number("longestOutageNs", longestOutage_)
      .number("rttMinNs", roundTripMin_)
      .number("rttMeanNs", answered_ == 0 ? 0 : roundTripSum_ / static_cast<Nanoseconds>(answered_))
      .number("rttMaxNs", roundTripMax_);
  if (by_ == By::Arp) {
    record.number("doubleAnswers", doubleAnswerCount_)
        .number("doubleAnswerNs", doubleAnswerSum_)
        .list("macs", owners_.tallies(), tallyJson);
  }
  writer.write(record);
}

}  // namespace aloft::tools
