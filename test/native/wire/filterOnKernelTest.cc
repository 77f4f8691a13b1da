// The filter on the kernel's own raw sockets: that it accepts the programs, and that the offsets are those that it uses.

#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>

#include <string>

#include "namespace.h"
#include "support.h"
#include "wire/filter.h"

namespace aloft::wire {
namespace {

static_assert(sizeof(FilterInstruction) == sizeof(sock_filter));
static_assert(offsetof(FilterInstruction, operand) == offsetof(sock_filter, k));
static_assert(offsetof(FilterInstruction, jumpTrue) == offsetof(sock_filter, jt));

struct Sockets {
  int receive = -1;
  int send = -1;
  sockaddr_storage loopback{};
  socklen_t length = 0;
};

Sockets open(Family family, const VrrpFilter& program) {
  const int domain = family == Family::IPv4 ? AF_INET : AF_INET6;
  Sockets sockets;
  sockets.receive = socket(domain, SOCK_RAW | SOCK_NONBLOCK, 112);
  sockets.send = socket(domain, SOCK_RAW, 112);
  const sock_fprog attached{kVrrpFilterSize, reinterpret_cast<sock_filter*>(const_cast<FilterInstruction*>(program.data()))};
  if (setsockopt(sockets.receive, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0)
    close(sockets.receive), sockets.receive = -1;
  if (family == Family::IPv4) {
    auto& address = reinterpret_cast<sockaddr_in&>(sockets.loopback);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets.length = sizeof address;
  } else {
    auto& address = reinterpret_cast<sockaddr_in6&>(sockets.loopback);
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    sockets.length = sizeof address;
  }
  return sockets;
}

bool send(const Sockets& sockets, Family family, int ttl, std::uint8_t virtualRouterId) {
  const bool four = family == Family::IPv4;
  setsockopt(sockets.send, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_TTL : IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
  const std::uint8_t message[] = {0x31, virtualRouterId, 100, 1, 0, 100, 0, 0, 192, 0, 2, 1};
  return sendto(sockets.send, message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&sockets.loopback), sockets.length) ==
         sizeof message;
}

/// The VRIDs received, in order. Loopback delivers within sendto, so nothing needs to be waited for.
Bytes received(int fd, Family family) {
  Bytes virtualRouterIds;
  std::uint8_t buffer[128];
  for (ssize_t n = 0; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) virtualRouterIds.push_back(buffer[family == Family::IPv4 ? 21 : 1]);
  return virtualRouterIds;
}

std::string passesWhatItShould(Family family) {
  const VrrpFilter program = vrrpFilter(family, VirtualRouterSet().set(1).set(51).set(255));
  const Sockets sockets = open(family, program);
  if (sockets.receive < 0) return "the kernel refuses the program";
  for (const auto& [ttl, id] :
       {std::pair<int, std::uint8_t>{255, 1}, {255, 2}, {255, 51}, {64, 51}, {254, 51}, {255, 50}, {255, 255}, {255, 0}}) {
    if (!send(sockets, family, ttl, id)) return "cannot send";
  }
  // Of what is rejected the kernel's chance passes one in 64.
  Bytes passed = received(sockets.receive, family);
  std::erase_if(passed, [](std::uint8_t id) { return id != 1 && id != 51 && id != 255; });
  return passed.size() >= 3 && passed.size() <= 5 ? "" : "passed other adverts than 1, 51 and 255 with TTL 255";
}

/// To the loopback address, which is unicast.
std::string passesLessOfUnicast(Family family) {
  const Sockets sockets = open(family, vrrpFilter(family, VirtualRouterSet().set(51).set(52), {.leastUnicastTtl = 64}));
  if (sockets.receive < 0) return "the kernel refuses the program";
  for (const int ttl : {255, 65, 64}) {
    if (!send(sockets, family, ttl, 51)) return "cannot send";
  }
  Bytes passed = received(sockets.receive, family);
  if (passed != Bytes(3, 51)) return "refused an advert with a TTL from 64 on";
  for (int i = 0; i < 64; ++i) {
    if (!send(sockets, family, 63, 52)) return "cannot send";
  }
  passed = received(sockets.receive, family);
  return passed.size() < 16 ? "" : "passed adverts with TTL 63";
}

/// How many of 4096 rejected packets the kernel lets pass: 64 on average, and hardly ever fewer than 20 or more than 130.
std::string passesASample(Family family) {
  const Sockets sockets = open(family, vrrpFilter(family, VirtualRouterSet().set(1)));
  if (sockets.receive < 0) return "the kernel refuses the program";
  std::size_t passed = 0;
  for (int i = 0; i < 4096; ++i) {
    if (!send(sockets, family, i % 2 == 0 ? 255 : 64, static_cast<std::uint8_t>(i % 2 == 0 ? 2 : 1))) return "cannot send";
    passed += received(sockets.receive, family).size();
  }
  return passed >= 20 && passed <= 130 ? "" : "passed " + std::to_string(passed) + " of 4096";
}

TEST(VrrpFilterOnKernel, filtersIPv4) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace([] { return passesWhatItShould(Family::IPv4); });
}

TEST(VrrpFilterOnKernel, passesLessOfUnicastWhereThatIsConfigured) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace([] { return passesLessOfUnicast(Family::IPv4); });
  inNetworkNamespace([] { return passesLessOfUnicast(Family::IPv6); });
}

TEST(VrrpFilterOnKernel, passesASampleOfTheRest) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace([] { return passesASample(Family::IPv4); });
  inNetworkNamespace([] { return passesASample(Family::IPv6); });
}

TEST(VrrpFilterOnKernel, filtersIPv6) {
  SKIP_WITHOUT_NAMESPACES();
  inNetworkNamespace([] { return passesWhatItShould(Family::IPv6); });
}

}  // namespace
}  // namespace aloft::wire
