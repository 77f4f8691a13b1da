#include "tools/loop.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>

namespace aloft::tools {

int openSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool isSignalled(int signals) {
  pollfd entry{signals, POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

bool becomeRealTime() {
  constexpr int kLowest = 1;
  const sched_param parameters{kLowest};
  return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

}  // namespace aloft::tools
