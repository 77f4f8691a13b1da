#include "runtime/spscRing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

namespace aloft::runtime {
namespace {

TEST(SpscRing, GivesBackInOrder) {
  SpscRing<int> ring(4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ring.push(i));
  int out = -1;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, i);
  }
  EXPECT_FALSE(ring.pop(out));
}

TEST(SpscRing, RefusesWhenFullAndLosesNothing) {
  SpscRing<int> ring(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_EQ(ring.room(), 0U);
  EXPECT_FALSE(ring.push(99));
  int out = -1;
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(out, 0);
  EXPECT_EQ(ring.room(), 1U);
  EXPECT_TRUE(ring.push(4));
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, i);
  }
}

TEST(SpscRing, ShowsWhatIsStagedOnlyWhenItIsPublished) {
  SpscRing<int> ring(4);
  int out = -1;
  EXPECT_TRUE(ring.stage(1));
  EXPECT_TRUE(ring.stage(2));
  EXPECT_EQ(ring.room(), 2U);
  EXPECT_FALSE(ring.pop(out));
  ring.publish();
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(out, 1);
  EXPECT_TRUE(ring.push(3));
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(out, 2);
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(out, 3);
}

TEST(SpscRing, HasRoomForAtLeastWhatWasAskedFor) {
  for (const std::size_t wanted : {1U, 2U, 3U, 5U, 64U, 1000U}) {
    SpscRing<int> ring(wanted);
    EXPECT_GE(ring.capacity(), wanted);
    EXPECT_EQ(ring.room(), ring.capacity());
  }
}

// Meant for ThreadSanitizer as well: elements larger than a word must never be seen half written.
TEST(SpscRing, CarriesEverythingBetweenTwoThreads) {
  struct Element {
    std::uint64_t number;
    std::uint64_t copy[7];
  };
  constexpr std::uint64_t kCount = 200'000;
  SpscRing<Element> ring(64);
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      Element element{i, {}};
      for (auto& copy : element.copy) copy = i;
      while (!ring.push(element)) std::this_thread::yield();
    }
  });
  for (std::uint64_t expected = 0; expected < kCount; ++expected) {
    Element element;
    while (!ring.pop(element)) std::this_thread::yield();
    ASSERT_EQ(element.number, expected);
    for (const auto copy : element.copy) ASSERT_EQ(copy, expected);
  }
  producer.join();
}

}  // namespace
}  // namespace aloft::runtime
