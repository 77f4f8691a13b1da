#include "runtime/latenessHistogram.h"

#include <algorithm>

namespace aloft::runtime {

void LatenessHistogram::record(std::chrono::nanoseconds lateness) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(lateness).count();
  const auto bucket = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), microseconds) - kBoundsUs.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, kRelaxed);
  sum_.fetch_add(lateness.count(), kRelaxed);
  if (lateness.count() > max_.load(kRelaxed)) max_.store(lateness.count(), kRelaxed);
}

LatenessHistogram::Reading LatenessHistogram::read() const {
  constexpr double kNanosecondsPerUs = 1000;
  Reading reading;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    sum += counts_[i].load(std::memory_order_relaxed);
    reading.cumulative[i] = sum;
  }
  reading.sumUs = static_cast<double>(sum_.load(std::memory_order_relaxed)) / kNanosecondsPerUs;
  reading.maxUs = static_cast<double>(max_.load(std::memory_order_relaxed)) / kNanosecondsPerUs;
  return reading;
}

}  // namespace aloft::runtime
