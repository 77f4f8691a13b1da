#include "runtime/validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace aloft::runtime {
namespace {

constexpr std::size_t kMaxAddresses = 128;
constexpr double kMaxPreemptDelayMs = 86'400'000;  // one day
constexpr std::size_t kMaxKey = 512;

using Problem = std::optional<FieldProblem>;

/// A field that is a whole number with bounds and steps.
struct NumberRule {
  const char* field;
  double DesiredRouter::*value;
  double min;
  double max;
  double step;
};

constexpr NumberRule kVirtualRouterId = {"virtualRouterID", &DesiredRouter::virtualRouterID, 1, 255, 1};
constexpr NumberRule kVersion = {"version", &DesiredRouter::version, 2, 3, 1};
constexpr NumberRule kPriority = {"priority", &DesiredRouter::priority, 1, 255, 1};
constexpr NumberRule kInterval2 = {"advertisementIntervalMs", &DesiredRouter::advertisementIntervalMs, 1000, 255000, 1000};
constexpr NumberRule kInterval3 = {"advertisementIntervalMs", &DesiredRouter::advertisementIntervalMs, 10, 40950, 10};
constexpr NumberRule kPreemptDelay = {"preemptDelayMs", &DesiredRouter::preemptDelayMs, 0, kMaxPreemptDelayMs, 1};

std::string text(double number) {
  std::string digits = std::to_string(number);  // "100.000000"
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

Problem checkNumber(const DesiredRouter& router, const NumberRule& rule) {
  const double value = router.*rule.value;
  // Written so that NaN fails.
  if (value >= rule.min && value <= rule.max && std::fmod(value, rule.step) == 0) return std::nullopt;
  const std::string kind = rule.step == 1 ? "a whole number" : "a multiple of " + text(rule.step);
  return FieldProblem{rule.field, "must be " + kind + " from " + text(rule.min) + " to " + text(rule.max) + ", not " + text(value)};
}

template <class T>
const T* lookUp(const std::map<std::string, T>& table, const std::string& name) {
  const auto entry = table.find(name);
  return entry == table.end() ? nullptr : &entry->second;
}

const std::map<std::string, wire::Family> kFamilies = {{"IPv4", wire::Family::IPv4}, {"IPv6", wire::Family::IPv6}};
const std::map<std::string, vrrp::ChecksumMode> kChecksums = {{"Auto", vrrp::ChecksumMode::Auto},
                                                              {"WithoutPseudoHeader", vrrp::ChecksumMode::WithoutPseudoHeader},
                                                              {"WithPseudoHeader", vrrp::ChecksumMode::WithPseudoHeader}};

bool isMulticast(const wire::IpAddress& address) {
  return address.family == wire::Family::IPv4 ? (address.bytes[0] & 0xf0) == 0xe0 : address.bytes[0] == 0xff;
}

Problem checkAddress(const std::string& text, wire::Family family, const std::string& path, wire::IpPrefix& out) {
  if (!wire::parseIpPrefix(text, out)) return FieldProblem{path, "\"" + text + "\" is not of the form ADDRESS/PREFIXLENGTH"};
  if (out.address.family != family) return FieldProblem{path, text + " is not of the virtual router's family"};
  if (out.address.isUnspecified() || isMulticast(out.address)) return FieldProblem{path, text + " is no address that a host can have"};
  return std::nullopt;
}

Problem checkAddresses(const DesiredRouter& router, wire::Family family, std::vector<wire::IpPrefix>& out) {
  if (router.addresses.empty() || router.addresses.size() > kMaxAddresses) {
    return FieldProblem{"addresses", "must have 1 to 128 entries, not " + std::to_string(router.addresses.size())};
  }
  for (std::size_t i = 0; i < router.addresses.size(); ++i) {
    wire::IpPrefix prefix;
    if (Problem problem = checkAddress(router.addresses[i], family, "addresses[" + std::to_string(i) + "]", prefix)) return problem;
    out.push_back(prefix);
  }
  return std::nullopt;
}

Problem checkNumbers(const DesiredRouter& router) {
  for (const NumberRule& rule : {kVirtualRouterId, kVersion, kPriority, kPreemptDelay}) {
    if (Problem problem = checkNumber(router, rule)) return problem;
  }
  return checkNumber(router, router.version == 2 ? kInterval2 : kInterval3);
}

vrrp::Duration fromMs(double milliseconds) { return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds)); }

Problem convert(const DesiredRouter& router, vrrp::RouterConfig& out) {
  if (router.key.empty() || router.key.size() > kMaxKey) return FieldProblem{"key", "must have 1 to 512 characters"};
  const wire::Family* family = lookUp(kFamilies, router.family);
  if (family == nullptr) return FieldProblem{"family", "must be IPv4 or IPv6, not \"" + router.family + "\""};
  if (std::string problem = interfaceProblem(router.interface); !problem.empty()) return FieldProblem{"interface", problem};
  if (Problem problem = checkNumbers(router)) return problem;
  if (*family == wire::Family::IPv6 && router.version == 2) return FieldProblem{"version", "must be 3 for IPv6"};
  const vrrp::ChecksumMode* checksum = lookUp(kChecksums, router.checksum);
  if (checksum == nullptr) {
    return FieldProblem{"checksum", "must be Auto, WithoutPseudoHeader or WithPseudoHeader, not \"" + router.checksum + "\""};
  }
  out.key = router.key;
  out.family = *family;
  out.interface = router.interface;
  out.virtualRouterId = static_cast<std::uint8_t>(router.virtualRouterID);
  out.version = static_cast<std::uint8_t>(router.version);
  out.priority = static_cast<std::uint8_t>(router.priority);
  out.advertisementInterval = fromMs(router.advertisementIntervalMs);
  out.preempt = router.preempt;
  out.preemptDelay = fromMs(router.preemptDelayMs);
  out.checksum = *checksum;
  return checkAddresses(router, *family, out.addresses);
}

/// What may be there only once, over all virtual routers. Each remembers who had it first.
struct Uniqueness {
  std::map<std::string, std::size_t> keys;
  std::map<std::tuple<std::string, wire::Family, std::uint8_t>, std::size_t> elections;
  std::map<std::tuple<std::string, wire::IpAddress>, std::size_t> addresses;

  static std::string of(std::size_t other) { return " of routers[" + std::to_string(other) + "]"; }

  Problem take(const vrrp::RouterConfig& router, std::size_t index) {
    const auto [key, keyIsNew] = keys.emplace(router.key, index);
    if (!keyIsNew) return FieldProblem{"key", "\"" + router.key + "\" is the key" + of(key->second) + " as well"};
    const auto [election, electionIsNew] = elections.emplace(std::tuple(router.interface, router.family, router.virtualRouterId), index);
    if (!electionIsNew) {
      return FieldProblem{"virtualRouterID", std::to_string(router.virtualRouterId) + " on " + router.interface + " is that" +
                                                 of(election->second) + " as well"};
    }
    for (std::size_t i = 0; i < router.addresses.size(); ++i) {
      const auto [address, addressIsNew] = addresses.emplace(std::tuple(router.interface, router.addresses[i].address), index);
      if (addressIsNew) continue;
      return FieldProblem{"addresses[" + std::to_string(i) + "]", wire::format(router.addresses[i].address) + " on " + router.interface +
                                                                      " is an address" + of(address->second) + " as well"};
    }
    return std::nullopt;
  }
};

}  // namespace

std::string interfaceProblem(const std::string& name) {
  constexpr std::size_t kMaxName = 15;  // IFNAMSIZ - 1
  if (name.empty() || name.size() > kMaxName) return "must have 1 to 15 characters";
  const bool badCharacter =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || c == ':' || c <= ' ' || c == 0x7f; });
  if (badCharacter || name == "." || name == "..") return "\"" + name + "\" is no name of an interface";
  return "";
}

std::variant<std::vector<vrrp::RouterConfig>, FieldProblem> validate(const std::vector<DesiredRouter>& routers) {
  std::vector<vrrp::RouterConfig> configs(routers.size());
  Uniqueness unique;
  for (std::size_t i = 0; i < routers.size(); ++i) {
    Problem problem = convert(routers[i], configs[i]);
    if (!problem) problem = unique.take(configs[i], i);
    if (problem) return FieldProblem{"routers[" + std::to_string(i) + "]." + problem->path, problem->message};
  }
  return configs;
}

}  // namespace aloft::runtime
