#include "os/closeOnExec.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace aloft::os {

void closeOnExec() {
  // By number: older C libraries do not know it. Kernels before 5.11 refuse, and nothing can be done about it.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

}  // namespace aloft::os
