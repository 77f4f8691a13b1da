#include "os/kernelVersion.h"

#include <sys/utsname.h>

#include <charconv>
#include <string_view>
#include <tuple>

namespace aloft::os {

bool kernelIsAtLeast(int major, int minor) {
  utsname name{};
  if (uname(&name) != 0) return false;
  const std::string_view release = name.release;  // "6.1.0-18-amd64"
  int runningMajor = 0;
  int runningMinor = 0;
  const char* end = release.data() + release.size();
  const auto parsed = std::from_chars(release.data(), end, runningMajor);
  if (parsed.ptr != end) std::from_chars(parsed.ptr + 1, end, runningMinor);
  return std::tie(runningMajor, runningMinor) >= std::tie(major, minor);
}

}  // namespace aloft::os
