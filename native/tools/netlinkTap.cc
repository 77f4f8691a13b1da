// netlinktap: counts what is asked of IPVS in its network namespace, whoever asks, as a link of kind nlmon shows it. Usage: netlinktap LINK.
//
// Says "counting" when it has begun. After SIGTERM or SIGINT one line of JSON: requests by their command, and the packets that it missed.
//   {"counts":{"NEW_SERVICE":3,"NEW_DEST":30,"GET_SERVICE":2},"dropped":0}

#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/if_packet.h>
#include <linux/ip_vs.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "tools/loop.h"
#include "tools/receiver.h"
#include "wire/netlink.h"

namespace {

constexpr std::array kNames = {"UNSPEC",     "NEW_SERVICE", "SET_SERVICE", "DEL_SERVICE", "GET_SERVICE", "NEW_DEST",
                               "SET_DEST",   "DEL_DEST",    "GET_DEST",    "NEW_DAEMON",  "DEL_DAEMON",  "GET_DAEMON",
                               "SET_CONFIG", "GET_CONFIG",  "SET_INFO",    "GET_INFO",    "ZERO",        "FLUSH"};
static_assert(kNames.size() == __IPVS_CMD_MAX);

/// Answers, of which there are many more, do not even reach the socket. A host is little-endian here, as all that Linux still runs on.
static_assert(std::endian::native == std::endian::little);
constexpr std::uint32_t kFlagsLowByte = 6;

std::string attachFilter(int fd) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsLowByte),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, aloft::wire::kNetlinkRequest, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog attached{program.size(), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0 ? aloft::tools::systemError("SO_ATTACH_FILTER") : "";
}

std::string listenOn(int fd, const char* link) {
  if (fd < 0) return aloft::tools::systemError("packet socket (CAP_NET_RAW)");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = __builtin_bswap16(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(link));
  if (address.sll_ifindex == 0) return aloft::tools::systemError(std::string("link ") + link);
  std::string error = attachFilter(fd);
  if (error.empty()) error = aloft::tools::prepareReception(fd);
  if (error.empty() && bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) error = aloft::tools::systemError("bind");
  return error;
}

class Counts {
 public:
  /// All messages of a packet are of the netlink protocol that its address names.
  void take(std::span<const std::uint8_t> packet) {
    aloft::wire::NetlinkMessages messages(packet);
    for (aloft::wire::NetlinkMessage message; messages.next(message);) {
      // The controller's questions, and the empty messages that end a batch.
      if (message.type <= GENL_ID_CTRL || message.payload.size() < sizeof(genlmsghdr)) continue;
      const std::size_t command = message.payload[0];
      if (command < kNames.size()) ++byCommand_[command];
    }
  }

  void print(std::uint64_t dropped) const {
    std::string text;
    for (const auto& [command, count] : byCommand_) {
      text += (text.empty() ? "\"" : ",\"") + std::string(kNames[command]) + "\":" + std::to_string(count);
    }
    std::printf("{\"counts\":{%s},\"dropped\":%llu}\n", text.c_str(), static_cast<unsigned long long>(dropped));
  }

 private:
  std::map<std::size_t, std::uint64_t> byCommand_;
};

void drain(int fd, std::vector<std::uint8_t>& buffer, Counts& counts) {
  for (;;) {
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t size = recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return;
    if (from.sll_protocol == __builtin_bswap16(NETLINK_GENERIC)) counts.take(std::span(buffer).first(static_cast<std::size_t>(size)));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: netlinktap LINK\n", stderr);
    return 2;
  }
  const int signals = aloft::tools::openSignals();
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (const std::string error = listenOn(fd, arguments[1]); !error.empty()) {
    std::fprintf(stderr, "netlinktap: %s\n", error.c_str());
    return 1;
  }
  std::puts("counting");
  std::fflush(stdout);
  std::vector<std::uint8_t> buffer(256 << 10);
  Counts counts;
  for (std::array<pollfd, 2> entries = {{{fd, POLLIN, 0}, {signals, POLLIN, 0}}}; (entries[1].revents & POLLIN) == 0;) {
    poll(entries.data(), entries.size(), -1);
    drain(fd, buffer, counts);
  }
  counts.print(aloft::tools::droppedPackets(fd));
}
