// Adverts through AdvertIo, over a pair of veths in a namespace of the test's own.
#include "runtime/advertIo.h"

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <net/if.h>

#include <optional>

#include "namespaces.h"
#include "os/multicastSocket.h"

namespace aloft::runtime {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using wire::Family;

wire::IpAddress address(const char* text) {
  wire::IpAddress out;
  EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
  return out;
}

constexpr std::size_t kAll = 1 << 20;

/// One end of the cable, with what the vrrp thread and the actuator have of it, in the namespace that it is made in.
struct End {
  os::Epoll epoll = std::move(os::Epoll::open().value());
  os::PacketSocket frames = std::move(os::PacketSocket::open().value());
  AdvertIo io{epoll, std::move(os::openVrrpSender(Family::IPv4).value()), std::move(os::openVrrpSender(Family::IPv6).value()), frames};
  std::vector<os::Fd> sockets;
  std::uint32_t index;

  End(const char* interface, std::initializer_list<std::size_t> routers) : index(if_nametoindex(interface)) {
    wire::VirtualRouterSet wanted;
    for (const std::size_t router : routers) wanted.set(router);
    auto table = std::make_unique<SocketTable>();
    for (const auto& [family, group] : {std::pair{Family::IPv4, "224.0.0.18"}, {Family::IPv6, "ff02::12"}}) {
      auto fd = os::openVrrpSocket(family, index, interface);
      EXPECT_TRUE(fd.ok());
      EXPECT_TRUE(os::joinGroup(fd.value().get(), index, address(group)).ok());
      EXPECT_TRUE(os::attachFilter(fd.value().get(), wire::vrrpFilter(family, wanted)).ok());
      table->push_back({index, family, fd.value().get()});
      sockets.push_back(std::move(fd.value()));
    }
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
      io.receive(events[i].data.u64, kAll, [&](const vrrp::ReceivedAdvert& advert) {
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
    receiver_.emplace("far", std::initializer_list<std::size_t>{51});
    test::enter(near_);
    sender_.emplace("near", std::initializer_list<std::size_t>{51});
  }

  std::vector<vrrp::RouterId> send(std::span<const std::uint8_t> message, const char* source, const char* destination,
                                   std::uint32_t index) {
    std::vector<vrrp::RouterId> failed;
    const auto onError = [&failed](vrrp::RouterId router) { failed.push_back(router); };
    sender_->io.send(77, {index, mac_, address(source), address(destination), message}, onError);
    sender_->io.flush(onError);
    return failed;
  }

  void sendBatch() {
    const auto onError = [](vrrp::RouterId router) { ADD_FAILURE() << router; };
    for (int i = 0; i < 64; ++i) sender_->io.send(77, {sender_->index, {}, address("10.9.0.1"), address("224.0.0.18"), message_}, onError);
    sender_->io.flush(onError);
  }

  const std::vector<std::uint8_t> message_ = {0x31, 51, 200, 1, 0, 10, 0xab, 0xcd, 192, 0, 2, 10};
  wire::MacAddress mac_{};  ///< Ethernet source of the adverts; all zero: the interface's
  os::Fd near_;
  os::Fd far_;
  std::optional<End> receiver_;
  std::optional<End> sender_;
};

TEST_F(AdvertIoTest, CarriesAnIPv4AdvertUnchangedWithSourceAndTtl) {
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.0.18", sender_->index).empty());
  const auto heard = receiver_->receive();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(wire::format(heard[0].source), "10.9.0.1");
  EXPECT_EQ(wire::format(heard[0].destination), "224.0.0.18");
  EXPECT_EQ(heard[0].ttl, 255);
  EXPECT_EQ(heard[0].message, message_);
}

TEST_F(AdvertIoTest, CarriesAnIPv6AdvertWithTheChecksumThatTheCodecWrote) {
  EXPECT_TRUE(send(message_, "fe80::1", "ff02::12", sender_->index).empty());
  const auto heard = receiver_->receive();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(wire::format(heard[0].source), "fe80::1");
  EXPECT_EQ(wire::format(heard[0].destination), "ff02::12");
  EXPECT_EQ(heard[0].ttl, 255);
  EXPECT_EQ(heard[0].message, message_);
}

TEST_F(AdvertIoTest, CarriesUnicastWithTtl255) {
  test::enter(far_);
  test::shell("ip addr add 10.9.0.2/24 dev far; ip addr add 2001:db8::2/64 dev far nodad");
  test::enter(near_);
  test::shell("ip addr add 2001:db8::1/64 dev near nodad");
  EXPECT_TRUE(send(message_, "10.9.0.1", "10.9.0.2", sender_->index).empty());
  EXPECT_TRUE(send(message_, "2001:db8::1", "2001:db8::2", sender_->index).empty());
  std::vector<End::Heard> heard;
  while (heard.size() < 2) {  // the kernels first ask who has the addresses
    const auto more = receiver_->receive(5000);
    ASSERT_FALSE(more.empty());
    heard.insert(heard.end(), more.begin(), more.end());
  }
  for (const End::Heard& each : heard) {
    EXPECT_EQ(each.ttl, 255) << wire::format(each.destination);
    EXPECT_TRUE(wire::format(each.destination) == "10.9.0.2" || wire::format(each.destination) == "2001:db8::2");
  }
}

/// Another TTL is of one datagram, and not of the next.
TEST_F(AdvertIoTest, CarriesUnicastWithTheTtlThatItNames) {
  test::enter(far_);
  test::shell("ip addr add 10.9.0.2/24 dev far; ip addr add 2001:db8::2/64 dev far nodad");
  for (const auto& [socket, family] : {std::pair{0, Family::IPv4}, {1, Family::IPv6}}) {
    const auto filter = wire::vrrpFilter(family, wire::VirtualRouterSet().set(51), {.leastUnicastTtl = 1});
    ASSERT_TRUE(os::attachFilter(receiver_->sockets[static_cast<std::size_t>(socket)].get(), filter).ok());
  }
  test::enter(near_);
  test::shell("ip addr add 2001:db8::1/64 dev near nodad");
  const auto onError = [](vrrp::RouterId router) { ADD_FAILURE() << router; };
  for (const std::uint8_t ttl : {64, 1, 255}) {
    for (const auto& [source, destination] : {std::pair{"10.9.0.1", "10.9.0.2"}, {"2001:db8::1", "2001:db8::2"}}) {
      std::vector<std::uint8_t> message = message_;
      message[2] = ttl;
      sender_->io.send(77, {sender_->index, {}, address(source), address(destination), message, ttl}, onError);
    }
  }
  sender_->io.flush(onError);
  for (std::size_t heard = 0; heard < 6;) {  // the kernels first ask who has the addresses
    const auto more = receiver_->receive(5000);
    ASSERT_FALSE(more.empty());
    for (const End::Heard& each : more) EXPECT_EQ(each.ttl, each.message[2]) << wire::format(each.destination);
    heard += more.size();
  }
}

TEST_F(AdvertIoTest, HearsAGroupOnlyWhileItIsJoined) {
  const auto group = address("224.0.100.19");
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.100.19", sender_->index).empty());
  EXPECT_TRUE(receiver_->receive(50).empty());
  const int fd = receiver_->sockets[0].get();
  ASSERT_TRUE(os::joinGroup(fd, receiver_->index, group).ok());
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.100.19", sender_->index).empty());
  ASSERT_EQ(receiver_->receive().size(), 1U);
  ASSERT_TRUE(os::leaveGroup(fd, receiver_->index, group).ok());
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.100.19", sender_->index).empty());
  EXPECT_TRUE(receiver_->receive(50).empty());
}

/// For a macvlan, which is down until its virtual router is MASTER.
TEST_F(AdvertIoTest, SendsWithAVirtualRouterMacAddress) {
  mac_ = {0, 0, 0x5e, 0, 1, 51};
  test::enter(far_);
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  test::enter(near_);
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.0.18", sender_->index).empty());
  EXPECT_TRUE(send(message_, "fe80::1", "ff02::12", sender_->index).empty());
  std::size_t heard = 0;
  while (heard < 2) {
    const auto adverts = receiver_->receive();
    ASSERT_FALSE(adverts.empty());
    heard += adverts.size();
  }
  const std::string virtualMac = "\x00\x00\x5e\x00\x01\x33"s;
  int adverts = 0;
  char frame[256];
  for (ssize_t size = 0; (size = recv(fd, frame, sizeof frame, 0)) > 0;) {
    const std::string_view bytes(frame, static_cast<std::size_t>(size));
    const bool vrrp = bytes.size() > 30 && (bytes.substr(12, 2) == "\x08\x00"sv ? bytes[23] == 112 : bytes[20] == 112);
    if (!vrrp) continue;
    ++adverts;
    EXPECT_EQ(bytes.substr(6, 6), virtualMac);
  }
  EXPECT_EQ(adverts, 2);
  close(fd);
  EXPECT_TRUE(sender_->receive(50).empty());
}

TEST_F(AdvertIoTest, LeavesTheRestOfAFloodForTheNextRound) {
  for (int i = 0; i < 10; ++i) sendBatch();
  epoll_event event{};
  ASSERT_EQ(receiver_->epoll.wait({&event, 1}, 1000), 1U);
  std::size_t heard = 0;
  const std::size_t taken = receiver_->io.receive(event.data.u64, 100, [&heard](const vrrp::ReceivedAdvert&) { ++heard; });
  EXPECT_EQ(taken, 128U) << "whole batches";
  EXPECT_EQ(heard, 128U);
  EXPECT_EQ(receiver_->receive().size(), 640U - 128U);
}

TEST_F(AdvertIoTest, HearsOnlyTheRoutersOfItsFilter) {
  std::vector<std::uint8_t> other = message_;
  other[1] = 52;
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(send(other, "10.9.0.1", "224.0.0.18", sender_->index).empty());
  EXPECT_LT(receiver_->receive(50).size(), 16U) << "a sample alone, one on average";
}

TEST_F(AdvertIoTest, DoesNotHearItself) {
  EXPECT_TRUE(send(message_, "10.9.0.1", "224.0.0.18", sender_->index).empty());
  EXPECT_TRUE(sender_->receive(50).empty());
}

/// For the resignation of a MASTER that has just lost its source.
TEST_F(AdvertIoTest, SendsFromAnAddressThatIsGone) {
  EXPECT_TRUE(send(message_, "10.9.0.99", "224.0.0.18", sender_->index).empty());
  EXPECT_TRUE(send(message_, "fe80::99", "ff02::12", sender_->index).empty());
  EXPECT_EQ(receiver_->receive().size(), 2U);
}

TEST_F(AdvertIoTest, TellsWhichRouterCouldNotSend) {
  const std::vector<vrrp::RouterId> router = {77};
  EXPECT_EQ(send(message_, "224.0.0.1", "224.0.0.18", sender_->index), router);  // no address of any host
  EXPECT_EQ(send(message_, "10.9.0.1", "224.0.0.18", 4711), router);             // no such interface
  EXPECT_EQ(send(message_, "10.9.0.1", "224.0.0.18", 0), router);                // the interface is missing
  EXPECT_EQ(send({}, "10.9.0.1", "224.0.0.18", sender_->index), router);         // nothing to send
}

TEST_F(AdvertIoTest, SendsMoreThanABatchAndTheOthersWhenOneFails) {
  std::vector<vrrp::RouterId> failed;
  const auto onError = [&failed](vrrp::RouterId router) { failed.push_back(router); };
  constexpr vrrp::RouterId kCount = 150;
  for (vrrp::RouterId router = 1; router <= kCount; ++router) {
    const char* source = router == 70 ? "224.0.0.1" : "10.9.0.1";
    sender_->io.send(router, {sender_->index, {}, address(source), address("224.0.0.18"), message_}, onError);
  }
  sender_->io.flush(onError);
  EXPECT_EQ(failed, std::vector<vrrp::RouterId>{70});
  EXPECT_EQ(receiver_->receive().size(), kCount - 1);
}

}  // namespace
}  // namespace aloft::runtime
