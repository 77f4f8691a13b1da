#include "tools/doubleAnswer.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace aloft::tools {
namespace {

const wire::MacAddress kA = {2, 0, 0, 0, 0, 0xa};
const wire::MacAddress kB = {2, 0, 0, 0, 0, 0xb};

/// 'a', 'b': who answers; '2': both; '-': nobody.
Probe question(char who, Nanoseconds sentNs) {
  Probe probe{sentNs, who == '-' ? -1 : sentNs + 1, {}};
  if (who == 'a' || who == '2') probe.macs.add(kA);
  if (who == 'b' || who == '2') probe.macs.add(kB);
  return probe;
}

/// One question every 10 ns from 1000 on.
std::vector<DoubleAnswer> doubleAnswersOf(std::string_view questions) {
  DoubleAnswerDetector detector;
  std::vector<DoubleAnswer> result;
  Nanoseconds now = 1000;
  for (const char who : questions) {
    if (const auto ended = detector.add(question(who, now))) result.push_back(*ended);
    now += 10;
  }
  if (const auto ended = detector.finish()) result.push_back(*ended);
  return result;
}

TEST(DoubleAnswer, isNoneWhenOneAfterTheOtherAnswers) { EXPECT_TRUE(doubleAnswersOf("aaa--bbb-a").empty()); }

TEST(DoubleAnswer, lastsToTheFirstQuestionThatOneAnswers) {
  const auto found = doubleAnswersOf("aa222bb");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fromNs, 1020);
  EXPECT_EQ(found[0].toNs, 1050);
  EXPECT_EQ(found[0].questions, 3u);
  EXPECT_EQ(found[0].macs.size(), 2u);
}

TEST(DoubleAnswer, lastsToAQuestionThatNobodyAnswersToo) {
  const auto found = doubleAnswersOf("a2-2a");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].toNs, 1020);
  EXPECT_EQ(found[1].fromNs, 1030);
}

TEST(DoubleAnswer, mayGoOnAtTheEnd) {
  const auto found = doubleAnswersOf("a22");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fromNs, 1010);
  EXPECT_EQ(found[0].toNs, 1020);
}

TEST(OwnerHistory, tellsChangesAndCounts) {
  OwnerHistory history;
  std::string changes;
  Nanoseconds now = 1000;
  for (const char who : std::string_view("aa2b--b")) {
    changes += history.add(question(who, now)) ? '!' : '.';
    now += 10;
  }
  EXPECT_EQ(changes, "!.!!!.!");
  ASSERT_EQ(history.tallies().size(), 2u);
  EXPECT_EQ(history.tallies()[0].mac, kA);
  EXPECT_EQ(history.tallies()[0].answers, 3u);
  EXPECT_EQ(history.tallies()[0].firstNs, 1000);
  EXPECT_EQ(history.tallies()[0].lastNs, 1020);
  EXPECT_EQ(history.tallies()[1].answers, 3u);
  EXPECT_EQ(history.tallies()[1].firstNs, 1020);
  EXPECT_EQ(history.tallies()[1].lastNs, 1060);
}

TEST(OwnerHistory, countsSilenceAtTheStartAsAChange) {
  OwnerHistory history;
  EXPECT_TRUE(history.add(question('-', 1)));
  EXPECT_FALSE(history.add(question('-', 2)));
}

}  // namespace
}  // namespace aloft::tools
