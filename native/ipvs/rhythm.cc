#include "ipvs/rhythm.h"

#include <algorithm>
#include <utility>

namespace aloft::ipvs {

using namespace std::chrono_literals;

Time untilGlance(Time cost) { return std::max(std::clamp<Time>(cost * 100, 500ms, 800ms), cost * 10); }

Time untilDump(Time cost) { return std::max<Time>(58s, cost * 100); }

void Rhythm::dumped(Time cost, Time now) {
  if (std::exchange(alarmed_, false)) alarm_ = std::clamp<Time>(alarm_ * 2, kFirstAlarm, kLastRetry);
  dumpAt_ = now + untilDump(cost);
  glanceAt_ = now + untilGlance(glanceCost_);
}

void Rhythm::refused(Time now) {
  dumpAt_ = std::min(dumpAt_, now + retry_);
  retry_ = std::min<Time>(retry_ * 2, kLastRetry);
}

void Rhythm::glanced(bool asExpected, Time cost, Time now) {
  glanceCost_ = cost;
  glanceAt_ = now + untilGlance(cost);
  alarmed_ = !asExpected;
  if (asExpected) {
    alarm_ = Time::zero();
  } else {
    dumpAt_ = std::min(dumpAt_, now + alarm_);
  }
}

}  // namespace aloft::ipvs
