#include "os/result.h"

#include <cstring>

namespace aloft::os {

std::string describe(int number) {
  char buffer[128];
  // The GNU form: it may return a constant string and leave the buffer alone.
  return strerror_r(number, buffer, sizeof buffer);
}

std::string Error::message() const { return std::string(operation) + ": " + describe(number); }

}  // namespace aloft::os
