#include "tools/packetSocket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace aloft::tools {
namespace {

/// ARP; IPv4 and IPv6 of protocol 112; Neighbor Advertisements (next header 58, type 136).
std::string attachFilter(int fd) {
  std::array<sock_filter, 14> program = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 10, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 7, 8),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 7),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 1, 2),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog attached{program.size(), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0 ? systemError("SO_ATTACH_FILTER") : "";
}

std::string seeEverything(int fd, std::uint32_t interface, bool outgoing) {
  const int ignored = outgoing ? 0 : 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignored, sizeof ignored) != 0) return systemError("PACKET_IGNORE_OUTGOING");
  // Answers to our questions go to MAC addresses that are not the interface's.
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(interface);
  membership.mr_type = PACKET_MR_PROMISC;
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) return systemError("promiscuous mode");
  return "";
}

std::string bindTo(int fd, std::uint32_t interface, std::uint16_t protocol) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(interface);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ? systemError("bind to the interface") : "";
}

}  // namespace

PacketSocket::~PacketSocket() {
  for (const int fd : {fd_, groups_[0], groups_[1]}) {
    if (fd >= 0) close(fd);
  }
}

std::string PacketSocket::open(const std::string& interface, bool joinGroups, Seen seen) {
  // Protocol 0: nothing is received before the filter stands.
  fd_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return systemError("packet socket (CAP_NET_RAW)");
  std::string error = findInterface(interface);
  if (error.empty()) error = attachFilter(fd_);
  if (error.empty()) error = prepareReception(fd_);
  if (error.empty() && seen == Seen::Nothing) return bindTo(fd_, interfaceIndex_, 0);
  if (error.empty()) error = seeEverything(fd_, interfaceIndex_, seen == Seen::Both);
  if (error.empty()) error = bindTo(fd_, interfaceIndex_, ETH_P_ALL);
  if (error.empty() && joinGroups) this->joinGroups();
  return error;
}

std::string PacketSocket::findInterface(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (ioctl(fd_, SIOCGIFINDEX, &request) != 0) return systemError("interface " + interface);
  interfaceIndex_ = static_cast<std::uint32_t>(request.ifr_ifindex);
  if (ioctl(fd_, SIOCGIFHWADDR, &request) != 0) return systemError("MAC address of " + interface);
  std::copy_n(request.ifr_hwaddr.sa_data, mac_.size(), mac_.begin());
  return "";
}

/// Failing is no error: a switch that does not snoop floods the groups anyway.
void PacketSocket::joinGroups() {
  groups_[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ip_mreqn four{};
  four.imr_multiaddr.s_addr = htonl(0xe0000012);  // 224.0.0.18
  four.imr_ifindex = static_cast<int>(interfaceIndex_);
  setsockopt(groups_[0], IPPROTO_IP, IP_ADD_MEMBERSHIP, &four, sizeof four);
  groups_[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ipv6_mreq six{};
  inet_pton(AF_INET6, "ff02::12", &six.ipv6mr_multiaddr);
  six.ipv6mr_interface = interfaceIndex_;
  setsockopt(groups_[1], IPPROTO_IPV6, IPV6_JOIN_GROUP, &six, sizeof six);
}

bool PacketSocket::send(std::span<const std::uint8_t> frame) const {
  return ::send(fd_, frame.data(), frame.size(), MSG_DONTWAIT) == static_cast<ssize_t>(frame.size());
}

}  // namespace aloft::tools
