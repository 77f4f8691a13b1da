#pragma once
// Runs part of a test in a network namespace of its own, in a child process, so that nothing of the machine changes.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace aloft::wire {

/// Why no namespace can be made here; empty when one can.
inline const char* namespaceHindrance() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? "" : "CAP_SYS_ADMIN is missing: no network namespace";
}

inline void bringUpLoopback() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) std::perror("lo up");
  close(fd);
}

/// `body` returns an empty string or what went wrong.
template <typename Body>
void inNetworkNamespace(Body body) {
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::string failure = unshare(CLONE_NEWNET) == 0 ? "" : "unshare failed";
    if (failure.empty()) {
      bringUpLoopback();
      failure = body();
    }
    const bool told = write(pipes[1], failure.data(), failure.size()) == static_cast<ssize_t>(failure.size());
    _exit(told && failure.empty() ? 0 : 1);
  }
  close(pipes[1]);
  std::string failure;
  char buffer[512];
  for (ssize_t n = 0; (n = read(pipes[0], buffer, sizeof buffer)) > 0;) failure.append(buffer, static_cast<std::size_t>(n));
  close(pipes[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(failure, "");
  EXPECT_EQ(status, 0);
}

#define SKIP_WITHOUT_NAMESPACES() \
  if (const char* const hindrance = namespaceHindrance(); *hindrance != 0) GTEST_SKIP() << hindrance

}  // namespace aloft::wire
