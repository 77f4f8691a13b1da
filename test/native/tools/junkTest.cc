#include "tools/junk.h"

#include "support.h"
#include "tools/announcement.h"

namespace aloft::tools {
namespace {

JunkSettings settings() {
  return {.mac = {6, 0, 0, 0, 0, 0x77},
          .source = wire::ip("198.51.100.77"),
          .address = wire::ip("198.51.100.200"),
          .virtualRouterId = 51,
          .unknownVirtualRouterId = 255};
}

TEST(Junk, isDiscardedForTheReasonThatItNames) {
  for (const wire::Discard why : kJunk) {
    const auto frame = junkFrame(why, settings());
    const auto advert = captureAdvert(frame);
    ASSERT_TRUE(advert) << wire::name(why);
    if (why == wire::Discard::UnknownVirtualRouter) {
      EXPECT_FALSE(advert->discard);  // good but for the number, which the receiver alone can tell
      EXPECT_EQ(advert->virtualRouterId, 255);
    } else {
      ASSERT_TRUE(advert->discard) << wire::name(why);
      EXPECT_EQ(wire::name(*advert->discard), std::string(wire::name(why)));
      EXPECT_EQ(advert->virtualRouterId, 51);
    }
    EXPECT_EQ(advert->priority, 255) << "whoever obeys it would yield: " << wire::name(why);
    EXPECT_EQ(advert->source, wire::ip("198.51.100.77"));
  }
}

}  // namespace
}  // namespace aloft::tools
