#pragma once
// A gated host and its LAN: one cable (veth) in a network namespace of the test's own. The host is the kernel at the end "host"; the others
// on the LAN are whatever frames the test sends and sees at the end "lan", where the kernel itself keeps silent.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/filterClient.h"
#include "kernel/gate.h"
#include "os/clock.h"
#include "os/fd.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ndisc.h"

namespace aloft::kernel {

using Frame = std::vector<std::uint8_t>;

inline bool shell(const std::string& command) { return std::system(command.c_str()) == 0; }

inline wire::IpAddress ip(const char* text) {
  wire::IpAddress address;
  EXPECT_TRUE(wire::parseIpAddress(text, address)) << text;
  return address;
}

/// Whether `condition` comes true within `patience`.
inline bool eventually(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  const auto end = os::monotonicNow() + patience;
  while (!condition()) {
    if (os::monotonicNow() >= end) return false;
    usleep(200);
  }
  return true;
}

/// All frames of one link, as they come and go.
class LinkPort {
 public:
  explicit LinkPort(const char* name) : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
    const int on = 1;
    setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    setsockopt(fd_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(name));
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << name;
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    EXPECT_EQ(ioctl(fd_.get(), SIOCGIFHWADDR, &request), 0) << name;
    std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
    index = static_cast<std::uint32_t>(address.sll_ifindex);
  }

  /// False when the kernel drops it.
  bool send(std::span<const std::uint8_t> frame) const {
    return ::send(fd_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
  }
  /// The next frame that `wanted` takes, within `patience`; empty when there is none.
  Frame receive(std::chrono::milliseconds patience, const std::function<bool(const Frame&)>& wanted) const {
    const auto end = os::monotonicNow() + patience;
    for (;;) {
      if (const Frame frame = next(); !frame.empty()) {
        if (wanted(frame)) return frame;
        continue;
      }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - os::monotonicNow());
      if (left.count() <= 0) return {};
      pollfd entry{fd_.get(), POLLIN, 0};
      poll(&entry, 1, static_cast<int>(left.count()));
    }
  }
  void forget() const {
    receive(std::chrono::milliseconds(0), [](const Frame&) { return false; });
  }

  wire::MacAddress mac{};
  std::uint32_t index = 0;

 private:
  /// What has come already, with its VLAN tag, which the kernel gives apart.
  Frame next() const {
    Frame frame(2048);
    iovec vector{frame.data(), frame.size()};
    alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(tpacket_auxdata))];
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    frame.resize(static_cast<std::size_t>(std::max<ssize_t>(recvmsg(fd_.get(), &message, 0), 0)));
    const cmsghdr* const header = frame.empty() ? nullptr : CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != PACKET_AUXDATA) return frame;
    tpacket_auxdata data;
    std::memcpy(&data, CMSG_DATA(header), sizeof data);
    if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) return frame;
    std::uint8_t tag[4] = {0x81, 0x00};
    wire::store16(tag, 2, data.tp_vlan_tci);
    frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
    return frame;
  }

  os::Fd fd_;
};

class GateBed : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kSoon{1000};   ///< for what must come
  static constexpr std::chrono::milliseconds kSilence{30};  ///< for what must not

  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    ASSERT_TRUE(shell("sysctl -qw net.ipv6.conf.default.accept_dad=0 && ip link set lo up"));
    ASSERT_TRUE(plug());
  }

  /// Makes the cable; again after it was removed.
  bool plug() {
    return shell(
               "ip link add host type veth peer name lan && ip link set host addrgenmode none "
               "&& sysctl -qw net.ipv6.conf.lan.disable_ipv6=1 && ip link set lan arp off && ip link set lan up && ip link set host up "
               "&& ip addr add 192.0.2.1/24 dev host && ip addr add 2001:db8::1/64 dev host nodad "
               "&& ip neigh add 192.0.2.100 lladdr 02:00:00:00:00:64 dev host "
               "&& ip neigh add 2001:db8::100 lladdr 02:00:00:00:00:64 dev host") &&
           isLocal("2001:db8::1");
  }
  /// As the actuator sets a VIP.
  static bool addAddresses() {
    return shell("ip addr add 192.0.2.10/32 dev host && ip addr add 2001:db8::10/64 dev host nodad preferred_lft 0") &&
           isLocal("2001:db8::10");
  }
  /// The kernel makes an IPv6 address its own in a work queue, which waits for RTNL while other namespaces are being taken down.
  static bool isLocal(const std::string& address) {
    return eventually(std::chrono::seconds(20), [&] { return shell("ip -6 route show table local | grep -q '^local " + address + " '"); });
  }

  static Frame question(const wire::IpAddress& target) {
    if (target.family == wire::Family::IPv4) {
      const auto frame = wire::encodeArpRequest(kClientMac, ip("192.0.2.100"), target);
      return {frame.begin(), frame.end()};
    }
    const auto frame = wire::encodeNeighborSolicitation(kClientMac, ip("2001:db8::100"), target);
    return {frame.begin(), frame.end()};
  }
  static bool isAnswer(const Frame& frame, const wire::IpAddress& target) { return !(answeredMac(frame, target) == wire::MacAddress{}); }
  static wire::MacAddress answeredMac(const Frame& frame, const wire::IpAddress& target) {
    const auto arp = wire::decodeArp(frame);
    if (arp && arp->operation == wire::ArpOperation::Reply && arp->senderAddress == target) return arp->senderMac;
    const auto neighbor = wire::decodeNeighbor(frame);
    const bool advertised = neighbor && neighbor->kind == wire::NeighborMessage::Kind::Advertisement && neighbor->target == target;
    return advertised && neighbor->linkLayer ? *neighbor->linkLayer : wire::MacAddress{};
  }
  /// The MAC that the host gives when asked by the LAN; all zeros for silence.
  static wire::MacAddress ask(const LinkPort& lan, const wire::IpAddress& target, std::chrono::milliseconds patience) {
    lan.forget();
    EXPECT_TRUE(lan.send(question(target)));
    return answeredMac(lan.receive(patience, [&](const Frame& frame) { return isAnswer(frame, target); }), target);
  }
  static bool answers(const LinkPort& lan, const wire::IpAddress& target) { return ask(lan, target, kSoon) != wire::MacAddress{}; }
  static bool keepsSilent(const LinkPort& lan, const wire::IpAddress& target) { return ask(lan, target, kSilence) == wire::MacAddress{}; }

  /// An echo request to the host's MAC.
  static Frame echoRequest(const wire::MacAddress& host, const wire::IpAddress& target) {
    const bool four = target.family == wire::Family::IPv4;
    const wire::IpAddress source = four ? ip("192.0.2.100") : ip("2001:db8::100");
    const std::size_t icmpAt = four ? 34 : 54;
    Frame frame(icmpAt + 16);
    wire::writeEthernetHeader(frame, host, kClientMac, four ? 0x0800 : wire::kEtherTypeIPv6);
    frame[14] = four ? 0x45 : 0x60;
    const auto icmp = std::span(frame).subspan(icmpAt);
    icmp[0] = four ? 8 : 128;
    icmp[7] = 1;
    if (four) {
      wire::store16(frame, 16, 36);
      frame[22] = 64;
      frame[23] = 1;
      wire::storeBytes(frame, 26, source.view());
      wire::storeBytes(frame, 30, target.view());
      wire::store16(frame, 24, wire::InternetChecksum().add(std::span(frame).subspan(14, 20)).finish());
      wire::store16(icmp, 2, wire::InternetChecksum().add(icmp).finish());
    } else {
      wire::store16(frame, 18, 16);
      frame[20] = 58;
      frame[21] = 64;
      wire::storeBytes(frame, 22, source.view());
      wire::storeBytes(frame, 38, target.view());
      wire::store16(icmp, 2, wire::InternetChecksum().addPseudoHeader(source, target, 58, icmp.size()).add(icmp).finish());
    }
    return frame;
  }
  static bool echoes(const LinkPort& lan, const wire::MacAddress& host, const wire::IpAddress& target, std::chrono::milliseconds patience) {
    lan.forget();
    EXPECT_TRUE(lan.send(echoRequest(host, target)));
    const bool four = target.family == wire::Family::IPv4;
    const std::size_t sourceAt = four ? 26 : 22, typeAt = four ? 34 : 54;
    return !lan.receive(patience,
                        [&](const Frame& frame) {
                          return frame.size() > typeAt && frame[typeAt] == (four ? 0 : 129) && frame[four ? 23 : 20] == (four ? 1 : 58) &&
                                 std::equal(target.view().begin(), target.view().end(),
                                            frame.begin() + static_cast<std::ptrdiff_t>(sourceAt));
                        })
                .empty();
  }

  /// A datagram of the host's own, from one address to another.
  static bool sendFrom(const wire::IpAddress& source, const wire::IpAddress& destination) {
    const bool four = source.family == wire::Family::IPv4;
    const os::Fd fd(socket(four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto toSocket = [&](const wire::IpAddress& address) {
      union {
        sockaddr_in four;
        sockaddr_in6 six;
        sockaddr any;
      } result{};
      if (four) {
        result.four.sin_family = AF_INET;
        result.four.sin_port = htons(9);
        std::memcpy(&result.four.sin_addr, address.bytes.data(), 4);
      } else {
        result.six.sin6_family = AF_INET6;
        result.six.sin6_port = htons(9);
        std::memcpy(&result.six.sin6_addr, address.bytes.data(), 16);
      }
      return result;
    };
    const socklen_t size = four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    const auto from = toSocket(source), to = toSocket(destination);
    return bind(fd.get(), &from.any, size) == 0 && sendto(fd.get(), "", 0, 0, &to.any, size) == 0;
  }

  static constexpr wire::MacAddress kClientMac = {0x02, 0, 0, 0, 0, 0x64};
};

inline constexpr std::uint64_t kForEver = UINT64_MAX;
inline constexpr std::uint32_t kSlot = 17;

inline std::uint64_t now() { return static_cast<std::uint64_t>(os::monotonicNow().count()); }

inline void set(GateSlot& slot, std::uint64_t until) {
  slot.acceptUntil.store(until, std::memory_order_relaxed);
  slot.answerUntil.store(until, std::memory_order_relaxed);
}

/// The bed, and a gate that is attached nowhere yet.
class GateTest : public GateBed {
 protected:
  void SetUp() override {
    GateBed::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::string log;
    auto opened = Gate::open(&log);
    ASSERT_TRUE(opened.ok()) << opened.error().message() << "\n" << log;
    gate_ = std::move(opened.value());
    host_.emplace("host");
    lan_.emplace("lan");
  }

  void attach() {
    const os::Status status = gate_->attach({host_->index, {host_->mac}, {}});
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  void assign(bool answer = false) {
    for (const wire::IpAddress& vip : vips_) ASSERT_TRUE(gate_->assign(host_->index, vip, kSlot, answer).ok());
  }
  GateSlot& slot() { return gate_->slot(kSlot); }

  std::vector<Filter> filters(wire::Direction direction) {
    auto client = FilterClient::open();
    EXPECT_TRUE(client.ok());
    auto list = client.value().list(host_->index, direction);
    EXPECT_TRUE(list.ok());
    return list.value();
  }
  static bool hasClsact() { return shell("tc qdisc show dev host | grep -q clsact"); }

  const wire::IpAddress vip4_ = ip("192.0.2.10"), vip6_ = ip("2001:db8::10");
  const std::vector<wire::IpAddress> vips_ = {vip4_, vip6_};
  std::unique_ptr<Gate> gate_;
  std::optional<LinkPort> host_, lan_;
};

}  // namespace aloft::kernel
