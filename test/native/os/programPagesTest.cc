#include "os/programPages.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace aloft::os {
namespace {

constexpr int kTarget = 7;
/// Relocated when the program starts: it cannot be written any more, and its page differs from the file.
const int* const kRelocated[] = {&kTarget};

long pageFaults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TEST(ProgramPages, ComeBackWhenTheyAreNeeded) {
  releaseProgramPages();  // the second time it finds its own memory there
  const long before = pageFaults();
  releaseProgramPages();
  EXPECT_GT(pageFaults(), before);
}

TEST(ProgramPages, KeepWhatWasChanged) {
  const int* const volatile* const relocated = kRelocated;
  releaseProgramPages();
  EXPECT_EQ(*relocated, &kTarget);
}

}  // namespace
}  // namespace aloft::os
