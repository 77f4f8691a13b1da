#pragma once
// Stands in for the kernel at the other end of a socket, so that it can fail on purpose: in a thread of its own, for one IpvsClient.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "kernel/ipvsClient.h"
#include "os/fd.h"
#include "wire/genericNetlink.h"

namespace aloft::test {

using Bytes = std::vector<std::uint8_t>;

// What the kernel says.

inline Bytes message(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, std::span<const std::uint8_t> payload) {
  Bytes bytes(16 + payload.size());
  wire::NetlinkBuilder builder(bytes);
  builder.begin(type, flags, sequence);
  builder.header(payload);
  EXPECT_TRUE(builder.end());
  return bytes;
}

inline Bytes result(std::uint16_t type, std::uint32_t sequence, int error) {
  Bytes code(4);
  const std::int32_t negative = -error;
  std::memcpy(code.data(), &negative, sizeof negative);
  return message(type, 0, sequence, code);
}
inline Bytes acknowledgement(std::uint32_t sequence, int error = 0) { return result(wire::kNetlinkError, sequence, error); }
inline Bytes done(std::uint32_t sequence) { return result(wire::kNetlinkDone, sequence, 0); }

class FakeIpvs {
 public:
  /// What it says to one message of a request: datagrams. `connection` counts from 1.
  using Answer = std::function<std::vector<Bytes>(const wire::NetlinkMessage& message, int connection)>;

  explicit FakeIpvs(Answer answer) : answer_(std::move(answer)) {}
  ~FakeIpvs() {
    for (std::thread& thread : threads_) thread.join();
  }

  kernel::IpvsClient::OpenSocket source() {
    return [this]() -> os::Result<os::NetlinkSocket> {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os::lastError("make a pair of sockets");
      const timeval patience{0, 100'000};
      setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      const int connection = ++connections_;
      threads_.emplace_back([this, end = ends[1], connection] { serve(os::Fd(end), connection); });
      return os::NetlinkSocket::around(os::Fd(ends[0]));
    };
  }
  int connections() const { return connections_; }
  /// It answers nothing meanwhile: to look at what its answers have changed, or to change what they look at.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(answering_); }

 private:
  void serve(os::Fd end, int connection) {
    std::array<std::uint8_t, 64 << 10> buffer;
    for (;;) {
      const ssize_t size = recv(end.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return;  // the client has given this socket up
      wire::NetlinkMessages messages{std::span{buffer}.first(static_cast<std::size_t>(size))};
      for (wire::NetlinkMessage asked; messages.next(asked);) {
        for (const Bytes& datagram : answer(asked, connection)) send(end.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
      }
    }
  }

  std::vector<Bytes> answer(const wire::NetlinkMessage& asked, int connection) {
    const std::lock_guard guard(answering_);
    return answer_(asked, connection);
  }

  Answer answer_;
  std::mutex answering_;
  int connections_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace aloft::test
