// rtnetlink against the kernel itself: it takes the requests, and its dumps say what was asked for.

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <optional>
#include <string>

#include "namespace.h"
#include "support.h"
#include "wire/rtnetlink.h"

namespace aloft::wire {
namespace {

static_assert(kNewLink == RTM_NEWLINK && kDelLink == RTM_DELLINK && kGetLink == RTM_GETLINK);
static_assert(kNewAddress == RTM_NEWADDR && kDelAddress == RTM_DELADDR && kGetAddress == RTM_GETADDR);
static_assert(kLinkUp == IFF_UP && kLinkRunning == IFF_RUNNING && kLinkLoopback == IFF_LOOPBACK);
static_assert(kAddressSecondary == IFA_F_SECONDARY && kAddressNoDad == IFA_F_NODAD && kAddressDadFailed == IFA_F_DADFAILED);
static_assert(kAddressDeprecated == IFA_F_DEPRECATED && kAddressTentative == IFA_F_TENTATIVE && kAddressPermanent == IFA_F_PERMANENT);
static_assert(kNetlinkDump == NLM_F_DUMP && kNetlinkDumpInterrupted == NLM_F_DUMP_INTR && kNetlinkExclusive == NLM_F_EXCL);
static_assert(kNetlinkReplace == NLM_F_REPLACE && kNetlinkCreate == NLM_F_CREATE && kNetlinkAck == NLM_F_ACK);
static_assert(kNetlinkCapped == NLM_F_CAPPED && kNetlinkAckAttributes == NLM_F_ACK_TLVS && kNetlinkError == NLMSG_ERROR);

constexpr std::uint32_t kLoopbackIndex = 1;

class Route {
 public:
  Route() : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    const int on = 1;
    setsockopt(fd_, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  }
  ~Route() { close(fd_); }

  /// Sends what `build` writes; calls `each` for every message up to the one that ends it, whose result is returned.
  template <typename Build, typename Each>
  int ask(Build build, Each each) {
    std::array<std::uint8_t, kMaxAddressRequest> request{};
    NetlinkBuilder builder(request);
    if (!build(builder) || ::send(fd_, builder.bytes().data(), builder.bytes().size(), 0) < 0) return -1;
    std::array<std::uint8_t, 65536> answer;
    for (;;) {
      const ssize_t size = recv(fd_, answer.data(), answer.size(), 0);
      if (size < 0) return -1;
      NetlinkMessages messages{std::span{answer}.first(static_cast<std::size_t>(size))};
      for (NetlinkMessage message; messages.next(message);) {
        if (const auto result = parseNetlinkResult(message)) {
          words = result->message;
          return result->error;
        }
        each(message);
      }
    }
  }
  int add(const char* text, OnExisting onExisting = OnExisting::Refuse) {
    return ask([&](NetlinkBuilder& b) { return buildAddAddress(b, {kLoopbackIndex, prefix(text)}, onExisting, 1); }, [](const auto&) {});
  }
  int remove(const char* text) {
    return ask([&](NetlinkBuilder& b) { return buildRemoveAddress(b, kLoopbackIndex, prefix(text), 1); }, [](const auto&) {});
  }
  std::optional<AddressMessage> find(const char* text) {
    std::optional<AddressMessage> found;
    ask([](NetlinkBuilder& b) { return buildAddressDump(b, 2); },
        [&](const NetlinkMessage& message) {
          const auto address = parseAddress(message);
          if (address && address->prefix == prefix(text)) found = address;
        });
    return found;
  }

  std::string words;

 private:
  int fd_;
};

#define REQUIRE(condition) \
  if (!(condition)) return std::string("line ") + std::to_string(__LINE__) + ": " #condition

std::string addsAndRemoves() {
  Route route;
  for (const char* const text : {"192.0.2.10/32", "198.51.100.10/24", "2001:db8::10/64", "2001:db8::11/128"}) {
    REQUIRE(!route.find(text));
    REQUIRE(route.add(text) == 0);
    const auto address = route.find(text);
    REQUIRE(address && address->isOurs() && !address->isTentative() && address->index == kLoopbackIndex && !address->removed);
    const bool six = address->prefix.address.family == Family::IPv6;
    REQUIRE(((address->flags & kAddressDeprecated) != 0) == six);
    REQUIRE(route.add(text) == EEXIST);
    REQUIRE(route.add(text, OnExisting::Replace) == 0);
    REQUIRE(route.remove(text) == 0);
    REQUIRE(!route.find(text));
    REQUIRE(route.remove(text) == EADDRNOTAVAIL);
    REQUIRE(!route.words.empty());
  }
  return "";
}

TEST(AddressOnKernel, isAddedMarkedAndRemoved) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace(addsAndRemoves);
}

std::string dumpsLinks() {
  Route route;
  std::optional<LinkMessage> loopback;
  std::string name;
  const int error = route.ask([](NetlinkBuilder& b) { return buildLinkDump(b, 2); },
                              [&](const NetlinkMessage& message) {
                                const auto link = parseLink(message);
                                if (link && link->index == kLoopbackIndex) loopback = link, name = link->name;
                              });
  REQUIRE(error == 0);
  REQUIRE(loopback && name == "lo" && loopback->isLoopback() && loopback->isUp());
  return "";
}

TEST(AddressOnKernel, findsTheLoopback) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace(dumpsLinks);
}

}  // namespace
}  // namespace aloft::wire
