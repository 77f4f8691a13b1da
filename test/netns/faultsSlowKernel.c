// Preloaded into an agent: the kernel takes $ALOFT_TEST_SLOWNESS milliseconds before it does what an RTM_NEWADDR asks for.
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_for_address(const void* bytes, size_t size) {
  const char* slowness = getenv("ALOFT_TEST_SLOWNESS");
  if (slowness == NULL || size < sizeof(struct nlmsghdr)) return;
  if (((const struct nlmsghdr*)bytes)->nlmsg_type != RTM_NEWADDR) return;
  const long ms = atol(slowness);
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

ssize_t sendto(int fd, const void* bytes, size_t size, int flags, const struct sockaddr* to, socklen_t length) {
  if (to != NULL && to->sa_family == AF_NETLINK) wait_for_address(bytes, size);
  return syscall(SYS_sendto, fd, bytes, size, flags, to, length);
}
