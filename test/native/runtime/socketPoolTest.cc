#include "runtime/socketPool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include "namespaces.h"

namespace aloft::runtime {
namespace {

using wire::Family;

class SocketPoolTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::newNamespace().valid()) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    test::shell("ip link set lo up; ip link add al0 type veth peer name al1; ip link set al0 up; ip link set al1 up");
    index_ = if_nametoindex("al0");
  }

  static SocketPool::Need need(const char* name, std::initializer_list<std::size_t> routers, const char* group = "224.0.0.18") {
    SocketPool::Need need{name, {}};
    for (const std::size_t router : routers) need.routers.set(router);
    if (*group != 0) need.groups.insert(address(group));
    return need;
  }
  static wire::IpAddress address(const char* text) {
    wire::IpAddress out;
    EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
    return out;
  }
  static bool joined(const char* group) { return test::shellSucceeds(std::string("ip maddress show dev al0 | grep -q '") + group + "$'"); }

  static bool isOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

  std::uint32_t index_ = 0;
  SocketPool pool_;
};

TEST_F(SocketPoolTest, OpensWhatIsNeededOnceAndJoinsTheGroup) {
  const auto table = pool_.update({{{index_, Family::IPv4}, need("al0", {51})}, {{index_, Family::IPv6}, need("al0", {51}, "ff02::12")}});
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->size(), 2U);
  EXPECT_TRUE(pool_.ready({index_, Family::IPv4}));
  EXPECT_TRUE(test::shellSucceeds("ip maddress show dev al0 | grep -q 224.0.0.18"));
  EXPECT_TRUE(test::shellSucceeds("ip maddress show dev al0 | grep -q 'ff02::12$'"));
  EXPECT_EQ(pool_.update({{{index_, Family::IPv4}, need("al0", {51})}, {{index_, Family::IPv6}, need("al0", {51}, "ff02::12")}}), nullptr);
}

TEST_F(SocketPoolTest, AnotherSetOfRoutersNeedsNoOtherSocket) {
  ASSERT_NE(pool_.update({{{index_, Family::IPv4}, need("al0", {51})}}), nullptr);
  EXPECT_EQ(pool_.update({{{index_, Family::IPv4}, need("al0", {51, 52})}}), nullptr);
  EXPECT_FALSE(pool_.hasProblems());
}

TEST_F(SocketPoolTest, NorDoesAnotherTtl) {
  ASSERT_NE(pool_.update({{{index_, Family::IPv4}, need("al0", {51})}}), nullptr);
  SocketPool::Need near = need("al0", {51});
  near.options.leastUnicastTtl = 64;
  EXPECT_EQ(pool_.update({{{index_, Family::IPv4}, near}}), nullptr);
  EXPECT_FALSE(pool_.hasProblems());
}

TEST_F(SocketPoolTest, JoinsAndLeavesGroupsOfAnOpenSocket) {
  const SocketPool::Key key{index_, Family::IPv4};
  ASSERT_NE(pool_.update({{key, need("al0", {51})}}), nullptr);
  SocketPool::Need both = need("al0", {51, 52});
  both.groups.insert(address("239.1.2.3"));
  EXPECT_EQ(pool_.update({{key, both}}), nullptr);
  EXPECT_TRUE(joined("224.0.0.18") && joined("239.1.2.3"));
  EXPECT_EQ(pool_.update({{key, need("al0", {52}, "239.1.2.3")}}), nullptr);
  EXPECT_FALSE(joined("224.0.0.18"));
  EXPECT_TRUE(joined("239.1.2.3"));
  EXPECT_EQ(pool_.update({{key, need("al0", {52}, "")}}), nullptr);
  EXPECT_FALSE(joined("239.1.2.3")) << "unicast only";
  EXPECT_FALSE(pool_.hasProblems());
}

TEST_F(SocketPoolTest, ClosesASocketOnlyWhenTheVrrpThreadHasLetGoOfIt) {
  const auto first = pool_.update({{{index_, Family::IPv4}, need("al0", {51})}});
  ASSERT_NE(first, nullptr);
  const int fd = first->front().fd;
  pool_.retired();  // the vrrp thread took the first table, and had none before
  const auto second = pool_.update({});
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(second->empty());
  EXPECT_TRUE(isOpen(fd));
  pool_.retired();  // it took the second one
  EXPECT_FALSE(isOpen(fd));
  EXPECT_FALSE(test::shellSucceeds("ip maddress show dev al0 | grep -q 224.0.0.18"));
}

TEST_F(SocketPoolTest, KeepsASocketOpenThatAnEarlierTableOnTheWayStillHas) {
  const std::pair v4 = {SocketPool::Key{index_, Family::IPv4}, need("al0", {51})};
  const std::pair v6 = {SocketPool::Key{index_, Family::IPv6}, need("al0", {51}, "ff02::12")};
  const auto first = pool_.update({v4});
  const auto second = pool_.update({v4, v6});
  const auto third = pool_.update({v6});
  ASSERT_TRUE(first && second && third);
  const int fd = first->front().fd;
  pool_.retired();
  pool_.retired();  // the second table is in use, and has the socket
  EXPECT_TRUE(isOpen(fd));
  pool_.retired();
  EXPECT_FALSE(isOpen(fd));
}

TEST_F(SocketPoolTest, SaysWhatCouldNotBeOpenedAndTriesAgain) {
  const SocketPool::Key missing = {4711, Family::IPv4};
  EXPECT_EQ(pool_.update({{missing, need("nowhere", {51})}}), nullptr);
  EXPECT_TRUE(pool_.hasProblems());
  EXPECT_FALSE(pool_.ready(missing));
  EXPECT_EQ(pool_.problem(missing), "bind VRRP socket to its interface: No such device");
  ASSERT_NE(pool_.update({{{index_, Family::IPv4}, need("al0", {51})}}), nullptr);
  EXPECT_FALSE(pool_.hasProblems());
}

}  // namespace
}  // namespace aloft::runtime
