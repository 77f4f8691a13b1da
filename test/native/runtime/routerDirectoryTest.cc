#include "runtime/routerDirectory.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

RouterConfiguration named(const char* key) {
  RouterConfiguration router;
  router.election.key = key;
  return router;
}

TEST(RouterDirectory, ForgetsOnlyWhatIsInNoLaterGeneration) {
  RouterDirectory directory;
  directory.record(1, named("a"), 1);
  directory.record(2, named("b"), 1);
  directory.record(2, named("b"), 2);
  directory.prune(1);
  EXPECT_NE(directory.find(1), nullptr);
  directory.prune(2);
  EXPECT_EQ(directory.find(1), nullptr);
  ASSERT_NE(directory.find(2), nullptr);
  EXPECT_EQ(directory.find(2)->key, "b");
}

}  // namespace
}  // namespace aloft::runtime
