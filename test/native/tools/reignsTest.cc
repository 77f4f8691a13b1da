#include "tools/reigns.h"

#include "support.h"

namespace aloft::tools {
namespace {

TEST(Reigns, oneSenderIsOneReignWithItsGaps) {
  Reigns<int> reigns;
  for (const Nanoseconds ms : {0, 10, 21, 30}) reigns.hear(1, ms * kMillisecond);
  ASSERT_EQ(reigns.kept().size(), 1u);
  const Reign<int>& only = reigns.kept().front();
  EXPECT_EQ(only.firstNs, 0);
  EXPECT_EQ(only.lastNs, 30 * kMillisecond);
  EXPECT_EQ(only.count, 4u);
  EXPECT_EQ(only.gapsUs, (std::vector<std::uint32_t>{10'000, 11'000, 9'000}));
  EXPECT_EQ(reigns.changes(), 0u);
}

TEST(Reigns, aSenderThatComesBackBeginsAnew) {
  Reigns<int> reigns;
  for (const int who : {1, 1, 2, 1}) reigns.hear(who, who);
  EXPECT_EQ(reigns.changes(), 2u);
  ASSERT_EQ(reigns.kept().size(), 3u);
  EXPECT_EQ(reigns.kept()[0].count, 2u);
  EXPECT_EQ(reigns.kept()[2].count, 1u);
}

TEST(Reigns, countsAllChangesAndKeepsTheLatest) {
  Reigns<int> reigns;
  for (int i = 0; i < 100; ++i) reigns.hear(i % 2, i);
  EXPECT_EQ(reigns.changes(), 99u);
  EXPECT_EQ(reigns.kept().size(), Reigns<int>::kKept);
  EXPECT_EQ(reigns.kept().back().firstNs, 99);
}

TEST(Quantile, isByNearestRank) {
  EXPECT_EQ(quantile({}, 0.5), 0u);
  EXPECT_EQ(quantile({7}, 0.99), 7u);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.5), 2u);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 1), 4u);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0), 1u);
}

}  // namespace
}  // namespace aloft::tools
