#include "tools/outage.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace aloft::tools {
namespace {

/// One probe every 10 ns from 1000 on: '.' is answered, 'x' is lost.
std::vector<Outage> outagesOf(std::string_view probes, Nanoseconds threshold = 0) {
  OutageDetector detector(threshold);
  std::vector<Outage> outages;
  Nanoseconds now = 1000;
  for (const char probe : probes) {
    if (const auto outage = detector.add(now, probe == '.')) outages.push_back(*outage);
    now += 10;
  }
  if (const auto outage = detector.finish()) outages.push_back(*outage);
  return outages;
}

using Outages = std::vector<Outage>;

TEST(Outage, isNoneWhenEverythingIsAnswered) {
  EXPECT_EQ(outagesOf("....."), Outages{});
  EXPECT_EQ(outagesOf(""), Outages{});
}

TEST(Outage, lastsFromTheLastAnsweredToTheFirstAnsweredProbe) {
  EXPECT_EQ(outagesOf("..xxx.."), (Outages{{1010, 1050, 3, false, false}}));
  EXPECT_EQ(outagesOf(".x.xx."), (Outages{{1000, 1020, 1, false, false}, {1020, 1050, 2, false, false}}));
}

TEST(Outage, isReportedFromTheThresholdOn) {
  EXPECT_EQ(outagesOf(".x.xx.", 21), (Outages{{1020, 1050, 2, false, false}}));
  EXPECT_EQ(outagesOf(".x.xx.", 30), (Outages{{1020, 1050, 2, false, false}}));
  EXPECT_EQ(outagesOf(".x.xx.", 31), Outages{});
}

TEST(Outage, mayBeThereFromTheStart) { EXPECT_EQ(outagesOf("xx.."), (Outages{{1000, 1020, 2, true, false}})); }

TEST(Outage, mayGoOnAtTheEnd) { EXPECT_EQ(outagesOf("..xx"), (Outages{{1010, 1030, 2, false, true}})); }

TEST(Outage, mayBeAllThereIs) { EXPECT_EQ(outagesOf("xxx"), (Outages{{1000, 1020, 3, true, true}})); }

TEST(Outage, isNoneWhenTheProberItselfPaused) {
  OutageDetector detector(5);
  EXPECT_FALSE(detector.add(1000, true));
  EXPECT_FALSE(detector.add(900000, true)) << "nothing was lost in between";
  EXPECT_FALSE(detector.finish());
}

}  // namespace
}  // namespace aloft::tools
