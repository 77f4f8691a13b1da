#include "kernel/ipvsTable.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <map>

#include "os/fd.h"
#include "wire/ipvsProc.h"

namespace aloft::kernel {
namespace {

/// /proc/net would be that of the process's first thread.
constexpr const char* kTablePath = "/proc/thread-self/net/ip_vs";

ipvs::StandingDestination standing(const wire::IpvsProcDestination& found) {
  ipvs::StandingDestination result;
  result.destination.key = found.key;
  result.destination.forwarding = found.forwarding;
  result.destination.weight = found.weight;
  result.activeConnections = found.activeConnections;
  result.inactiveConnections = found.inactiveConnections;
  return result;
}

}  // namespace

os::Status readIpvsTable(std::string& text) {
  const os::Fd file(open(kTablePath, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return os::lastError("open /proc/net/ip_vs");
  text.clear();
  std::array<char, 16 << 10> part;  // the kernel gives a page at a time, or one service if that is more
  for (;;) {
    const ssize_t size = read(file.get(), part.data(), part.size());
    if (size == 0) return {};
    if (size < 0 && errno != EINTR) return os::lastError("read /proc/net/ip_vs");
    text.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
}

std::vector<bool> fillInDestinations(std::vector<ipvs::StandingService>& services, std::string_view text) {
  std::map<wire::IpvsServiceKey, std::size_t> places;
  for (std::size_t i = 0; i < services.size(); ++i) places.emplace(services[i].key, i);
  std::vector<bool> told(services.size());
  ipvs::StandingService* current = nullptr;
  wire::IpvsProcEntries entries(text);
  for (wire::IpvsProcEntry entry; entries.next(entry);) {
    if (const auto* destination = std::get_if<wire::IpvsProcDestination>(&entry)) {
      if (current != nullptr) current->destinations.push_back(standing(*destination));
      continue;
    }
    const wire::IpvsServiceKey& key = std::get<wire::IpvsProcService>(entry).key;
    const auto place = key.firewallMark == 0 ? places.find(key) : places.end();
    current = place == places.end() ? nullptr : &services[place->second];
    if (current == nullptr) continue;
    current->destinations.clear();  // when services came meanwhile one may be told of twice
    told[place->second] = true;
  }
  if (entries.malformed()) told.assign(told.size(), false);
  return told;
}

}  // namespace aloft::kernel
