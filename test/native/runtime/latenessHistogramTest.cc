#include "runtime/latenessHistogram.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;

std::uint64_t atMost(const LatenessHistogram::Reading& reading, std::uint32_t boundUs) {
  for (std::size_t i = 0; i < LatenessHistogram::kBoundsUs.size(); ++i) {
    if (LatenessHistogram::kBoundsUs[i] == boundUs) return reading.cumulative[i];
  }
  ADD_FAILURE() << "no bound " << boundUs;
  return 0;
}

TEST(LatenessHistogram, IsEmptyAtFirst) {
  const auto reading = LatenessHistogram().read();
  EXPECT_EQ(reading.cumulative.back(), 0U);
  EXPECT_EQ(reading.maxUs, 0);
}

TEST(LatenessHistogram, CountsCumulativelyAndABoundBelongsToItsBucket) {
  LatenessHistogram histogram;
  for (const auto lateness : {0ns, 10'000ns, 10'001ns, 999'000ns, 1'000'000ns, 1'000'001ns}) histogram.record(lateness);
  const auto reading = histogram.read();
  EXPECT_EQ(atMost(reading, 10), 2U);
  EXPECT_EQ(atMost(reading, 20), 3U);
  EXPECT_EQ(atMost(reading, 1000), 5U);
  EXPECT_EQ(atMost(reading, 2000), 6U);
  EXPECT_EQ(reading.cumulative.back(), 6U);
}

TEST(LatenessHistogram, TakesWhatIsBeyondTheLastBound) {
  LatenessHistogram histogram;
  histogram.record(5s);
  const auto reading = histogram.read();
  EXPECT_EQ(reading.cumulative[reading.cumulative.size() - 2], 0U);
  EXPECT_EQ(reading.cumulative.back(), 1U);
}

TEST(LatenessHistogram, SumsAndKeepsTheMaximum) {
  LatenessHistogram histogram;
  histogram.record(1500ns);
  histogram.record(500us);
  histogram.record(2us);
  const auto reading = histogram.read();
  EXPECT_DOUBLE_EQ(reading.sumUs, 503.5);
  EXPECT_DOUBLE_EQ(reading.maxUs, 500);
}

}  // namespace
}  // namespace aloft::runtime
