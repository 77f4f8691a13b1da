#include "vrrp/timing.h"

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

struct Case {
  std::uint8_t version;
  std::uint8_t priority;
  Duration interval;
  Duration skew;
  Duration activeDown;
};

// Worked out by hand from RFC 9568 §6.1 and RFC 3768 §6.1.
const Case kCases[] = {
    {3, 100, 1s, 609'375us, 3'609'375us},       {3, 100, 100ms, 60'937'500ns, 360'937'500ns},
    {3, 100, 10ms, 6'093'750ns, 36'093'750ns},  {3, 254, 10ms, 78'125ns, 30'078'125ns},
    {3, 254, 100ms, 781'250ns, 300'781'250ns},  {3, 255, 10ms, 39'062ns, 30'039'062ns},
    {3, 1, 10ms, 9'960'937ns, 39'960'937ns},    {3, 1, 40'950ms, 40'790'039'062ns, 163'640'039'062ns},
    {2, 100, 1s, 609'375us, 3'609'375us},       {2, 100, 255s, 609'375us, 765'609'375us},
    {2, 254, 1s, 7'812'500ns, 3'007'812'500ns}, {2, 1, 1s, 996'093'750ns, 3'996'093'750ns},
};

TEST(Timing, Rfc9568_6_1_and_Rfc3768_6_1_SkewTimeAndActiveDownInterval) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << "version " << +c.version << " priority " << +c.priority << " interval " << c.interval.count());
    EXPECT_EQ(skewTime(c.version, c.priority, c.interval), c.skew);
    EXPECT_EQ(activeDownInterval(c.version, c.priority, c.interval), c.activeDown);
  }
}

TEST(Timing, SkewTimeOrdersAllPrioritiesAtTheShortestInterval) {
  for (int priority = 1; priority < 255; ++priority) {
    EXPECT_GT(skewTime(3, static_cast<std::uint8_t>(priority), 10ms), skewTime(3, static_cast<std::uint8_t>(priority + 1), 10ms));
  }
}

TEST(Timing, WireUnitsAreSecondsInVersion2AndCentisecondsInVersion3) {
  EXPECT_EQ(fromWire(2, 255), 255s);
  EXPECT_EQ(fromWire(3, 4095), 40'950ms);
  EXPECT_EQ(toWire(2, 3s), 3);
  EXPECT_EQ(toWire(3, 10ms), 1);
  EXPECT_EQ(toWire(3, 40'950ms), 4095);
}

}  // namespace
}  // namespace aloft::vrrp
