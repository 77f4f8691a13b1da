// Frames as they leave: over a pair of veths in a namespace of the test's own.
#include "runtime/announcer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <map>
#include <optional>

#include "namespaces.h"
#include "wire/arp.h"
#include "wire/ndisc.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using vrrp::TimePoint;

constexpr wire::MacAddress kMac = {2, 0, 0, 0, 0, 0x11};
constexpr std::size_t kAddresses = 150;

class AnnouncerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::newNamespace().valid()) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    test::shell(
        "sysctl -q -w net.ipv6.conf.default.disable_ipv6=1; ip link add near type veth peer name far; ip link set far up; ip link set near "
        "up");
    socket_.emplace(std::move(os::PacketSocket::open().value()));
    announcer_ = std::make_unique<Announcer>(*socket_);
    capture_ = os::Fd(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(0x0003)));
    const int room = 4 << 20;
    ASSERT_EQ(setsockopt(capture_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room), 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(0x0003);
    address.sll_ifindex = static_cast<int>(if_nametoindex("far"));
    ASSERT_EQ(bind(capture_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);

    vrrp::LinkState link;
    link.index = if_nametoindex("near");
    std::strcpy(link.name, "near");
    link.up = true;
    link.mac = kMac;
    link.primaryIPv4.bytes = {10, 0, 0, 1};
    ASSERT_TRUE(wire::parseIpAddress("fe80::1", link.linkLocalIPv6));
    engine_.handleLink(link, now_);
    configure({four(), six()});
  }

  static vrrp::RouterConfig four() {
    vrrp::RouterConfig config;
    config.key = "four";
    config.interface = "near";
    config.advertisementInterval = 1s;
    for (std::size_t i = 0; i < kAddresses; ++i) {
      wire::IpPrefix prefix;
      prefix.address.bytes = {10, 1, 0, static_cast<std::uint8_t>(i)};
      prefix.length = 32;
      config.addresses.push_back({prefix, "", true});
    }
    return config;
  }
  static vrrp::RouterConfig six() {
    vrrp::RouterConfig config;
    config.key = "six";
    config.family = wire::Family::IPv6;
    config.interface = "near";
    config.advertisementInterval = 1s;
    wire::IpPrefix prefix;
    EXPECT_TRUE(wire::parseIpPrefix("2001:db8::10/64", prefix));
    config.addresses.push_back({prefix, "", true});
    return config;
  }
  void configure(std::vector<vrrp::RouterConfig> routers, const std::vector<vrrp::AnnouncementPace>& paces = {}) {
    for (const vrrp::RouterConfig& router : routers) idOf_[router.key] = ids_.idOf(router);
    const auto former = engine_.configure(vrrp::Engine::prepare(std::move(routers), ids_, paces), now_);
    vrrp::Effect effect;
    while (engine_.pollEffect(effect)) {
    }
    announcer_->configure(engine_, now_);
  }

  /// Frames that have come, by what they are and for whom: "garp 10.1.0.7".
  std::map<std::string, int> captured() {
    std::map<std::string, int> out;
    std::array<std::uint8_t, 2048> buffer{};
    for (ssize_t size = 0; (size = recv(capture_.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      const auto frame = std::span<const std::uint8_t>(buffer).first(static_cast<std::size_t>(size));
      if (const auto arp = wire::decodeArp(frame)) {
        EXPECT_EQ(arp->senderMac, kMac);
        ++out[std::string(arp->isProbe() ? "probe " : arp->isGratuitous() ? "garp " : "? ") + wire::format(arp->targetAddress)];
      } else if (const auto neighbor = wire::decodeNeighbor(frame)) {
        EXPECT_EQ(neighbor->frameSource, kMac);
        ++out[std::string(neighbor->isUnsolicited()          ? "na "
                          : neighbor->source.isUnspecified() ? "probe "
                                                             : "? ") +
              wire::format(neighbor->target)];
      }
    }
    return out;
  }
  int count(const std::map<std::string, int>& frames) {
    int total = 0;
    for (const auto& [what, times] : frames) total += times;
    return total;
  }
  /// Lets the announcer work until it has nothing more to do.
  void finish() {
    while (announcer_->nextDeadline() != TimePoint::max()) {
      now_ = std::max(now_, announcer_->nextDeadline());
      announcer_->sendSome(engine_, now_);
    }
  }

  vrrp::Engine engine_;
  vrrp::IdRegistry ids_;
  std::map<std::string, vrrp::RouterId> idOf_;
  std::optional<os::PacketSocket> socket_;
  std::unique_ptr<Announcer> announcer_;
  os::Fd capture_;
  TimePoint now_{1000s};
};

TEST_F(AnnouncerTest, SendsEachCopyOfEachAddress) {
  announcer_->announce(engine_, idOf_["four"], 2);
  announcer_->announce(engine_, idOf_["six"], 1);
  finish();
  const auto frames = captured();
  EXPECT_EQ(frames.size(), kAddresses + 1);
  EXPECT_EQ(frames.at("garp 10.1.0.0"), 2);
  EXPECT_EQ(frames.at("garp 10.1.0.149"), 2);
  EXPECT_EQ(frames.at("na 2001:db8::10"), 1);
  EXPECT_EQ(announcer_->failures(), 0U);
}

TEST_F(AnnouncerTest, AsksWithoutTeachingAnybody) {
  announcer_->probe(idOf_["four"]);
  announcer_->probe(idOf_["six"]);
  finish();
  const auto frames = captured();
  EXPECT_EQ(frames.size(), kAddresses + 1);
  EXPECT_EQ(frames.at("probe 10.1.0.7"), 1);
  EXPECT_EQ(frames.at("probe 2001:db8::10"), 1);
}

TEST_F(AnnouncerTest, KeepsAPace) {
  announcer_->announce(engine_, idOf_["four"], 1);
  announcer_->sendSome(engine_, now_);
  EXPECT_EQ(count(captured()), 64) << "one batch, so that an advert waits for no more";
  announcer_->sendSome(engine_, now_ + 100us);
  EXPECT_EQ(count(captured()), 0);
  announcer_->sendSome(engine_, announcer_->nextDeadline());
  EXPECT_EQ(count(captured()), 64);
}

TEST_F(AnnouncerTest, ForgetsWhoIsNotMasterAnyMore) {
  announcer_->announce(engine_, idOf_["four"], 3);
  announcer_->sendSome(engine_, now_);
  announcer_->announce(engine_, idOf_["six"], 1);
  announcer_->cancel(idOf_["four"]);
  captured();
  finish();
  EXPECT_EQ(captured(), (std::map<std::string, int>{{"na 2001:db8::10", 1}}));
}

TEST_F(AnnouncerTest, PassesOverRoutersAndLinksThatAreGone) {
  announcer_->announce(engine_, idOf_["four"], 1);
  announcer_->announce(engine_, idOf_["six"], 1);
  configure({six()});
  finish();
  EXPECT_EQ(captured(), (std::map<std::string, int>{{"na 2001:db8::10", 1}}));
  announcer_->announce(engine_, idOf_["six"], 1);
  engine_.handleLinkRemoved(if_nametoindex("near"), now_);
  vrrp::Effect effect;
  while (engine_.pollEffect(effect)) {
  }
  finish();
}

TEST_F(AnnouncerTest, KeepsTheDistanceThatIsAskedForPerFamily) {
  configure({four(), six()}, {{{"near"}, 20ms, 3ms}});
  now_ += 1s;
  announcer_->announce(engine_, idOf_["four"], 1);
  announcer_->announce(engine_, idOf_["six"], 2);
  std::map<std::string, int> frames;
  for (TimePoint last = now_; announcer_->nextDeadline() != TimePoint::max(); last = now_) {
    now_ = std::max(now_, announcer_->nextDeadline());
    announcer_->sendSome(engine_, now_);
    const auto sent = captured();
    for (const auto& [what, times] : sent) frames[what] += times;
    EXPECT_LE(count(sent), last == now_ ? 2 : 1) << "one of each family at the same time";
  }
  EXPECT_EQ(frames.size(), kAddresses + 1);
  EXPECT_EQ(frames.at("na 2001:db8::10"), 2);
  EXPECT_EQ(now_, TimePoint(1001s) + 20ms * (kAddresses - 1));
  announcer_->announce(engine_, idOf_["four"], 1);
  EXPECT_EQ(announcer_->nextDeadline(), now_ + 20ms) << "from the last of the series before";
}

TEST_F(AnnouncerTest, SomeoneWithoutAPaceIsNotHeldUp) {
  configure({four(), six()}, {{{"near"}, 10s, 0ms}});
  now_ += 10s;
  announcer_->announce(engine_, idOf_["four"], 5);
  announcer_->sendSome(engine_, now_);
  announcer_->announce(engine_, idOf_["six"], 3);
  announcer_->probe(idOf_["four"]);
  captured();
  for (int i = 0; i < 10; ++i) {
    now_ += 1ms;
    announcer_->sendSome(engine_, now_);
  }
  const auto frames = captured();
  EXPECT_EQ(frames.at("na 2001:db8::10"), 3);
  EXPECT_EQ(frames.at("probe 10.1.0.149"), 1) << "an answer is waited for";
  EXPECT_EQ(count(frames), 3 + static_cast<int>(kAddresses));
}

TEST_F(AnnouncerTest, AnotherSeriesForWhomOneWaitsMakesItNoLonger) {
  configure({four(), six()}, {{{"near"}, 1ms, 0ms}});
  now_ += 1s;
  announcer_->announce(engine_, idOf_["four"], 2);
  for (int i = 0; i < 50; ++i) {
    announcer_->sendSome(engine_, now_);
    now_ += 1ms;
  }
  EXPECT_EQ(count(captured()), 50);
  announcer_->announce(engine_, idOf_["four"], 2);
  announcer_->announce(engine_, idOf_["four"], 1);
  finish();
  const auto frames = captured();
  EXPECT_EQ(frames.at("garp 10.1.0.0"), 2);
  EXPECT_EQ(frames.at("garp 10.1.0.49"), 2);
  EXPECT_EQ(frames.at("garp 10.1.0.149"), 3) << "the round that was under way goes on";
}

TEST_F(AnnouncerTest, AnotherConfigurationLosesNothingThatWaits) {
  configure({four(), six()}, {{{"near"}, 1ms, 1ms}});
  now_ += 1s;
  announcer_->announce(engine_, idOf_["four"], 2);
  announcer_->announce(engine_, idOf_["six"], 2);
  announcer_->sendSome(engine_, now_);
  EXPECT_EQ(count(captured()), 2);
  configure({four(), six()}, {{{"far"}, 1ms, 1ms}, {{}, 5ms, 0ms}});
  announcer_->cancel(idOf_["six"]);
  finish();
  const auto frames = captured();
  EXPECT_EQ(frames.size(), kAddresses);
  EXPECT_EQ(frames.at("garp 10.1.0.0"), 2);
  EXPECT_EQ(frames.at("garp 10.1.0.149"), 2);
  EXPECT_GE(now_, TimePoint(1001s) + 5ms * (2 * kAddresses));
}

}  // namespace
}  // namespace aloft::runtime
