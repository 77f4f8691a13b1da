#include "os/programPages.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>

namespace aloft::os {
namespace {

struct Heading {
  std::span<std::byte> mapping;
  bool writable = false;
  std::string path;
};

/// Whether a line of /proc/self/smaps begins a mapping; the others tell of it.
bool readHeading(const std::string& line, Heading& heading) {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  char write = 0;
  int path = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx %*c%c%*s %*s %*s %*s %n", &start, &end, &write, &path) != 3) return false;
  heading = {{reinterpret_cast<std::byte*>(start), end - start}, write == 'w', line.substr(static_cast<std::size_t>(path))};
  return true;
}

bool tellsOfChanges(const std::string& line) {
  char kind[16] = "";
  unsigned long kilobytes = 0;
  const bool isAmount = std::sscanf(line.c_str(), "%15[^:]: %lu kB", kind, &kilobytes) == 2;
  return isAmount && kilobytes > 0 && (kind == std::string("Anonymous") || kind == std::string("Swap"));
}

}  // namespace

void releaseProgramPages() {
  std::error_code unreadable;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", unreadable).string();
  if (unreadable) return;  // "" is the path of anonymous mappings
  std::ifstream smaps("/proc/self/smaps");
  Heading heading;
  bool isChanged = false;
  for (std::string line; std::getline(smaps, line);) {
    if (readHeading(line, heading)) isChanged = heading.writable;
    isChanged = isChanged || tellsOfChanges(line);
    const bool isLast = line.starts_with("VmFlags:");
    if (isLast && !isChanged && heading.path == program) madvise(heading.mapping.data(), heading.mapping.size(), MADV_DONTNEED);
  }
}

}  // namespace aloft::os
