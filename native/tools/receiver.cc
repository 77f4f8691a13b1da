#include "tools/receiver.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace aloft::tools {
namespace {

constexpr int kReceiveBuffer = 16 * 1024 * 1024;

Nanoseconds toNanoseconds(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

/// The kernel's stamp on CLOCK_MONOTONIC; the time of reading when there is none.
Nanoseconds stampOf(msghdr& header, Nanoseconds offset) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_TIMESTAMPNS) continue;
    timespec stamp;
    std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
    return toNanoseconds(stamp) + offset;
  }
  return monotonicNow();
}

}  // namespace

std::string systemError(const std::string& operation) { return operation + ": " + std::strerror(errno); }

std::string prepareReception(int fd) {
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) return systemError("SO_TIMESTAMPNS");
  // Beyond the limit of the machine only with CAP_NET_ADMIN; without it, up to the limit.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
  return fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ? systemError("O_NONBLOCK") : "";
}

std::uint64_t droppedPackets(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
  socklen_t size = sizeof values;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0) return 0;
  return values[SK_MEMINFO_DROPS];
}

Receiver::Receiver() : slots_(std::make_unique<std::array<Slot, kBatch>>()) {}

std::span<const Received> Receiver::receive(int fd) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    Slot& slot = (*slots_)[i];
    slot.vector = {slot.packet.data(), slot.packet.size()};
    headers_[i].msg_hdr = {};
    headers_[i].msg_hdr.msg_iov = &slot.vector;
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = slot.control.data();
    headers_[i].msg_hdr.msg_controllen = slot.control.size();
  }
  const int count = recvmmsg(fd, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return {};
  const Nanoseconds offset = monotonicMinusRealtime();
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    received_[i] = {{(*slots_)[i].packet.data(), headers_[i].msg_len}, stampOf(headers_[i].msg_hdr, offset)};
  }
  return std::span(received_).first(static_cast<std::size_t>(count));
}

}  // namespace aloft::tools
