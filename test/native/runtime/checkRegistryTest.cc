#include "runtime/checkRegistry.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

TEST(CheckRegistry, KeepsTheNumberOfAName) {
  CheckRegistry checks;
  const vrrp::CheckId web = checks.track("web", 1);
  EXPECT_NE(checks.track("dns", 1), web);
  EXPECT_EQ(checks.track("web", 2), web);
}

TEST(CheckRegistry, TellsOnlyChangesOfWhatIsTracked) {
  CheckRegistry checks;
  const vrrp::CheckId web = checks.track("web", 1);
  const std::vector<CheckResult> down = {{"web", false}, {"nobody's", false}};
  const auto told = checks.report(down);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].check, web);
  EXPECT_FALSE(told[0].up);
  EXPECT_TRUE(checks.report(down).empty()) << "no news";
  const std::vector<CheckResult> value = {{"web", false, 7}};
  ASSERT_EQ(checks.report(value).size(), 1U);
  EXPECT_EQ(checks.find("web")->value, 7);
}

TEST(CheckRegistry, TheLastOfSeveralResultsOfOneNameCounts) {
  CheckRegistry checks;
  checks.track("web", 1);
  const std::vector<CheckResult> both = {{"web", false}, {"web", true}};
  const auto told = checks.report(both);
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(told.back().up);
}

TEST(CheckRegistry, RemembersWhatNobodyTracksForALaterConfiguration) {
  CheckRegistry checks;
  const std::vector<CheckResult> down = {{"web", false}};
  EXPECT_TRUE(checks.report(down).empty());
  checks.track("web", 1);
  checks.track("unheard", 1);
  const auto states = checks.statesOf(1);
  ASSERT_EQ(states.size(), 2U);
  for (const vrrp::CheckState& state : states) EXPECT_EQ(state.up, state.check != checks.find("web")->check);
  EXPECT_TRUE(checks.statesOf(2).empty());
}

TEST(CheckRegistry, ForgetsTheUntrackedOnlyWhenThereAreVeryMany) {
  CheckRegistry checks;
  const vrrp::CheckId web = checks.track("web", 5);
  std::vector<CheckResult> many(CheckRegistry::kMaxUntracked + 10);
  for (std::size_t i = 0; i < many.size(); ++i) many[i].name = "check" + std::to_string(i);
  const std::vector<CheckResult> few(many.begin(), many.begin() + 10);
  checks.report(few);
  checks.prune(5);
  EXPECT_NE(checks.find("check3"), nullptr);
  checks.report(many);
  checks.prune(5);
  EXPECT_EQ(checks.find("check3"), nullptr);
  EXPECT_EQ(checks.track("web", 6), web);
}

}  // namespace
}  // namespace aloft::runtime
