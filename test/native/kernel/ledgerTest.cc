#include "kernel/ledger.h"

#include <gtest/gtest.h>

#include <string>

namespace aloft::kernel {
namespace {

using Names = std::vector<std::string>;
using NameLedger = Ledger<std::string>;

NameLedger::Plan plan(NameLedger& ledger, Owner owner, const Names& wanted) { return ledger.plan(owner, wanted); }

TEST(Ledger, PlansTheDifference) {
  NameLedger ledger;
  ledger.hold(1, "a");
  ledger.hold(1, "b");
  const auto next = plan(ledger, 1, {"b", "c"});
  EXPECT_EQ(next.remove, Names{"a"});
  EXPECT_EQ(next.add, Names{"c"});
}

TEST(Ledger, LeavesAloneWhatOthersHave) {
  NameLedger ledger;
  ledger.hold(1, "a");
  const auto next = plan(ledger, 2, {});
  EXPECT_TRUE(next.remove.empty());
  EXPECT_TRUE(ledger.holds("a"));
}

TEST(Ledger, KeepsWhatTwoWantUntilBothLetGo) {
  NameLedger ledger;
  ledger.hold(1, "a");
  EXPECT_TRUE(plan(ledger, 2, {"a"}).add.empty());
  EXPECT_TRUE(plan(ledger, 1, {}).remove.empty());
  EXPECT_EQ(ledger.owners(), std::vector<Owner>{2});
  EXPECT_EQ(plan(ledger, 2, {}).remove, Names{"a"});
}

TEST(Ledger, DropTellsWhoHadIt) {
  NameLedger ledger;
  ledger.hold(1, "a");
  ledger.hold(2, "a");
  EXPECT_EQ(ledger.drop("a"), (std::vector<Owner>{1, 2}));
  EXPECT_TRUE(ledger.drop("a").empty());
  EXPECT_TRUE(ledger.empty());
}

}  // namespace
}  // namespace aloft::kernel
