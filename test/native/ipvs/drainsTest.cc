#include "ipvs/drains.h"

#include <gtest/gtest.h>

#include "support/bed.h"
#include "support/make.h"

namespace aloft::ipvs {
namespace {

using namespace std::chrono_literals;

class DrainsOf : public testing::Test {
 protected:
  explicit DrainsOf(wire::IpvsServiceKey key = tcp("192.0.2.10")) : service_(service(key, {server("10.0.0.1"), server("10.0.0.2")})) {
    service_.drainSeconds = 60;
    bed_.want(table({service_}));
    bed_.settle();
    bed_.requests();
  }

  /// The second destination is wanted no more.
  void drop() {
    service_.destinations.pop_back();
    bed_.want(table({service_}));
    bed_.settle();
  }
  ModelKernel::Destination* leaving() { return bed_.kernel.destination(service_.key, server("10.0.0.2").key); }
  void connections(std::uint32_t active, std::uint32_t inactive) {
    leaving()->active = active;
    leaving()->inactive = inactive;
  }

  Service service_;
  Bed bed_;
};

class DrainsOfUdp : public DrainsOf {
 protected:
  DrainsOfUdp() : DrainsOf(udp("192.0.2.10")) {}
};

TEST_F(DrainsOf, WeightZeroThenGoneWhenItHasNoConnection) {
  connections(2, 5);
  drop();
  EXPECT_EQ(bed_.requests(), std::vector<std::string>({"change 10.0.0.2:80 of TCP 192.0.2.10:80"}));
  EXPECT_EQ(leaving()->set.weight, 0u);
  EXPECT_TRUE(bed_.reconciler.isDraining(service_.key, server("10.0.0.2").key));
  bed_.run(30s);
  ASSERT_NE(leaving(), nullptr);
  connections(0, 0);
  bed_.run(1s);
  EXPECT_EQ(leaving(), nullptr);
  const auto drained = bed_.events(Event::Kind::Drained);
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].service, service_.key);
  EXPECT_EQ(drained[0].destination, server("10.0.0.2").key);
  EXPECT_FALSE(bed_.reconciler.isDraining(service_.key, server("10.0.0.2").key));
  EXPECT_TRUE(bed_.events(Event::Kind::Repaired).empty());
}

TEST_F(DrainsOf, ConnectionsAreCountedAfterItHasWeightZero) {
  bed_.run(5s);
  connections(1, 0);  // since the last look
  drop();
  EXPECT_NE(leaving(), nullptr);
  bed_.want(table({service_}));  // what was counted before is not believed
  bed_.settle();
  EXPECT_NE(leaving(), nullptr);
  bed_.run(10s);
  EXPECT_NE(leaving(), nullptr);
}

TEST_F(DrainsOf, GoneAtTheDeadlineWhateverConnectionsItHas) {
  connections(100, 100);
  drop();
  bed_.run(59s);
  ASSERT_NE(leaving(), nullptr);
  bed_.run(2s);
  EXPECT_EQ(leaving(), nullptr);
  EXPECT_EQ(bed_.events(Event::Kind::Drained).size(), 1u);
}

TEST_F(DrainsOf, AHandshakeOrALastExchangeIsGivenItsTime) {
  connections(0, 3);
  drop();
  bed_.run(9s);
  ASSERT_NE(leaving(), nullptr);
  connections(1, 3);  // a handshake that came to its end
  bed_.run(10s);
  ASSERT_NE(leaving(), nullptr);
  connections(0, 4);
  bed_.run(9s);
  ASSERT_NE(leaving(), nullptr);
  bed_.run(3s);
  EXPECT_EQ(leaving(), nullptr);
}

TEST_F(DrainsOfUdp, InactiveConnectionsMayBeInUse) {
  connections(0, 1);
  drop();
  bed_.run(50s);
  ASSERT_NE(leaving(), nullptr);
  connections(0, 0);
  bed_.run(1s);
  EXPECT_EQ(leaving(), nullptr);
}

TEST_F(DrainsOf, WantedAgainItGetsItsWeightBackAndItsTimeBeginsAnew) {
  connections(5, 0);
  drop();
  bed_.run(50s);
  service_.destinations.push_back(server("10.0.0.2", 3));
  bed_.want(table({service_}));
  bed_.settle();
  EXPECT_EQ(leaving()->set.weight, 3u);
  EXPECT_FALSE(bed_.reconciler.isDraining(service_.key, server("10.0.0.2").key));
  drop();
  bed_.run(50s);
  EXPECT_NE(leaving(), nullptr);
  bed_.run(11s);
  EXPECT_EQ(leaving(), nullptr);
}

TEST_F(DrainsOf, OneThatHasFailedGoesAtOnceAlsoInTheMiddle) {
  connections(5, 0);
  drop();
  ASSERT_NE(leaving(), nullptr);
  service_.failed = {server("10.0.0.2").key};
  bed_.want(table({service_}));
  bed_.settle();
  EXPECT_EQ(leaving(), nullptr);
  EXPECT_TRUE(bed_.events(Event::Kind::Drained).empty());
}

TEST_F(DrainsOf, WithoutATimeItGoesAtOnce) {
  service_.drainSeconds = 0;
  connections(5, 0);
  drop();
  EXPECT_EQ(leaving(), nullptr);
}

TEST_F(DrainsOf, AServiceThatIsNotWantedGoesWithAllOfIt) {
  connections(5, 0);
  drop();
  bed_.want(table({}));
  bed_.settle();
  EXPECT_EQ(bed_.kernel.service(service_.key), nullptr);
  EXPECT_EQ(bed_.reconciler.nextLook(), std::nullopt);
}

TEST_F(DrainsOf, WeightThatSomebodyGivesItIsTakenAgain) {
  connections(5, 0);
  drop();
  leaving()->set.weight = 1;
  bed_.run(1s);
  EXPECT_EQ(leaving()->set.weight, 0u);
  EXPECT_EQ(bed_.events(Event::Kind::Repaired).size(), 1u);
}

}  // namespace
}  // namespace aloft::ipvs
