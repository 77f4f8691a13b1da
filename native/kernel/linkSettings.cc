#include "kernel/linkSettings.h"

#include <fstream>

namespace aloft::kernel {
namespace {

constexpr const char* kConfiguration4 = "/proc/sys/net/ipv4/conf/";
constexpr const char* kConfiguration6 = "/proc/sys/net/ipv6/conf/";

const char* fileOf(wire::LinkSetting setting) {
  switch (setting) {
    case wire::LinkSetting::ReversePathFilter:
      return "rp_filter";
    case wire::LinkSetting::ArpIgnore:
      return "arp_ignore";
    case wire::LinkSetting::PromoteSecondaries:
      return "promote_secondaries";
  }
  return "";
}

std::optional<std::uint32_t> read(const std::string& path) {
  std::ifstream file(path);
  std::uint32_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

bool write(const std::string& path, std::uint32_t value) {
  std::ofstream file(path);
  file << value << std::flush;
  return file.good();
}

/// Names of links contain no slash: the kernel refuses it.
std::string directoryOf(const char* configuration, const std::string& link) { return configuration + link + "/"; }

}  // namespace

std::optional<std::uint32_t> readSetting(const std::string& link, wire::LinkSetting setting) {
  return read(directoryOf(kConfiguration4, link) + fileOf(setting));
}

std::optional<std::uint32_t> readSettingOfAll(wire::LinkSetting setting) { return readSetting("all", setting); }

bool ignoreRouterAdvertisements(const std::string& link) {
  const std::string directory = directoryOf(kConfiguration6, link);
  return write(directory + "accept_ra", 0) && write(directory + "autoconf", 0);
}

}  // namespace aloft::kernel
