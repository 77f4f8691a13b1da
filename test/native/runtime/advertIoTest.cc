// Sockets of the pool, adverts through AdvertIo, over a pair of veths in a namespace of the test's own.
#include "runtime/advertIo.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include "namespaces.h"
#include "runtime/socketPool.h"

namespace aloft::runtime {
namespace {

using wire::Family;

wire::IpAddress address(const char* text) {
  wire::IpAddress out;
  EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
  return out;
}

/// One end of the cable, with what the vrrp thread and the actuator have of it.
struct End {
  os::Epoll epoll = std::move(os::Epoll::open().value());
  AdvertIo io{epoll};
  SocketPool pool;
  std::uint32_t index = 0;

  void open(const char* interface, std::initializer_list<std::size_t> routers) {
    index = if_nametoindex(interface);
    SocketPool::Need need{interface, {}};
    for (const std::size_t router : routers) need.routers.set(router);
    auto table = pool.update({{{index, Family::IPv4}, need}, {{index, Family::IPv6}, need}});
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(io.replace(table.release()), nullptr);
  }
  ~End() { delete io.replace(nullptr); }

  struct Heard {
    wire::IpAddress source;
    wire::IpAddress destination;
    std::uint8_t ttl;
    std::vector<std::uint8_t> message;
  };
  std::vector<Heard> receive(int timeoutMs = 1000) {
    std::vector<Heard> heard;
    epoll_event events[4];
    const std::size_t count = epoll.wait(events, timeoutMs);
    for (std::size_t i = 0; i < count; ++i) {
      io.receive(events[i].data.u64, [&](const vrrp::ReceivedAdvert& advert) {
        EXPECT_EQ(advert.ifindex, index);
        heard.push_back({advert.source, advert.destination, advert.ttl, {advert.message.begin(), advert.message.end()}});
      });
    }
    return heard;
  }
};

class AdvertIoTest : public testing::Test {
 protected:
  void SetUp() override {
    near_ = test::newNamespace();
    if (!near_.valid()) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    far_ = test::newNamespace();
    test::enter(near_);
    test::shell("sysctl -q -w net.ipv6.conf.default.accept_dad=0; ip link add near type veth peer name far netns " + test::pathOf(far_) +
                "; ip link set near up; ip addr add 10.9.0.1/24 dev near; ip addr add fe80::1/64 dev near nodad");
    test::enter(far_);
    test::shell("sysctl -q -w net.ipv6.conf.default.accept_dad=0; ip link set far up; ip addr add fe80::2/64 dev far nodad");
    receiver_.open("far", {51});
    test::enter(near_);
    sender_.open("near", {51});
  }

  std::vector<vrrp::RouterId> send(std::span<const std::uint8_t> message, const char* source, const char* destination,
                                   std::uint32_t index) {
    std::vector<vrrp::RouterId> failed;
    const auto onError = [&failed](vrrp::RouterId router) { failed.push_back(router); };
    sender_.io.send(77, {index, address(source), address(destination), message}, onError);
    sender_.io.flush(onError);
    return failed;
  }

  const std::vector<std::uint8_t> message_ = {0x31, 51, 200, 1, 0, 10, 0xab, 0xcd, 192, 0, 2, 10};
  os::Fd near_;
  os::Fd far_;
  End receiver_;
  End sender_;
};

TEST_F(AdvertIoTest, CarriesAnIPv4AdvertUnchangedWithSourceAndTtl) {
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.0.18", sender_.index).empty());
  const auto heard = receiver_.receive();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(wire::format(heard[0].source), "10.9.0.1");
  EXPECT_EQ(wire::format(heard[0].destination), "224.0.0.18");
  EXPECT_EQ(heard[0].ttl, 255);
  EXPECT_EQ(heard[0].message, message_);
}

TEST_F(AdvertIoTest, CarriesAnIPv6AdvertWithTheChecksumThatTheCodecWrote) {
  EXPECT_TRUE(send(message_, "fe80::1", "ff02::12", sender_.index).empty());
  const auto heard = receiver_.receive();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(wire::format(heard[0].source), "fe80::1");
  EXPECT_EQ(wire::format(heard[0].destination), "ff02::12");
  EXPECT_EQ(heard[0].ttl, 255);
  EXPECT_EQ(heard[0].message, message_);
}

TEST_F(AdvertIoTest, HearsOnlyTheRoutersOfItsFilter) {
  std::vector<std::uint8_t> other = message_;
  other[1] = 52;
  EXPECT_TRUE(send(other, "10.9.0.1", "224.0.0.18", sender_.index).empty());
  EXPECT_TRUE(receiver_.receive(50).empty());
}

TEST_F(AdvertIoTest, DoesNotHearItself) {
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.0.18", sender_.index).empty());
  EXPECT_TRUE(sender_.receive(50).empty());
}

/// For the resignation of a MASTER that has just lost its source.
TEST_F(AdvertIoTest, SendsFromAnAddressThatIsGone) {
  EXPECT_TRUE(send(message_, "10.9.0.99", "224.0.0.18", sender_.index).empty());
  EXPECT_TRUE(send(message_, "fe80::99", "ff02::12", sender_.index).empty());
  EXPECT_EQ(receiver_.receive().size(), 2U);
}

TEST_F(AdvertIoTest, TellsWhichRouterCouldNotSend) {
  const std::vector<vrrp::RouterId> router = {77};
  EXPECT_EQ(send(message_, "224.0.0.1", "224.0.0.18", sender_.index), router);  // no address of any host
  EXPECT_EQ(send(message_, "10.9.0.1", "224.0.0.18", 4711), router);            // no socket there
  EXPECT_EQ(send({}, "10.9.0.1", "224.0.0.18", sender_.index), router);         // nothing to send
}

TEST_F(AdvertIoTest, SendsMoreThanABatchAndTheOthersWhenOneFails) {
  std::vector<vrrp::RouterId> failed;
  const auto onError = [&failed](vrrp::RouterId router) { failed.push_back(router); };
  constexpr vrrp::RouterId kCount = 150;
  for (vrrp::RouterId router = 1; router <= kCount; ++router) {
    const char* source = router == 70 ? "224.0.0.1" : "10.9.0.1";
    sender_.io.send(router, {sender_.index, address(source), address("224.0.0.18"), message_}, onError);
  }
  sender_.io.flush(onError);
  EXPECT_EQ(failed, std::vector<vrrp::RouterId>{70});
  EXPECT_EQ(receiver_.receive().size(), kCount - 1);
}

}  // namespace
}  // namespace aloft::runtime
