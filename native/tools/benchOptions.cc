#include "tools/benchOptions.h"

#include <array>
#include <charconv>

#include "tools/options.h"

namespace aloft::tools {
namespace {

using Mode = BenchOptions::Mode;

constexpr std::pair<std::string_view, Mode> kModes[] = {{"tally", Mode::Tally}, {"sweep", Mode::Sweep}, {"flood", Mode::Flood}};

bool parseNumber(std::string_view text, std::uint32_t least, std::uint32_t most, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most;
}

bool parseMac(std::string_view text, wire::MacAddress& out) {
  constexpr std::size_t kLength = 17;
  if (text.size() != kLength) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* const digits = text.data() + 3 * i;
    if (i > 0 && digits[-1] != ':') return false;
    if (std::from_chars(digits, digits + 2, out[i], 16).ptr != digits + 2) return false;
  }
  return true;
}

bool addSource(BenchOptions& options, std::string_view text) {
  wire::IpAddress address;
  if (!wire::parseIpAddress(text, address) || address.family != wire::Family::IPv4) return false;
  options.sources.push_back(address);
  return true;
}

/// "FIRST-LAST"
bool parseVirtualRouterIds(BenchOptions& options, std::string_view text) {
  const std::size_t dash = text.find('-');
  std::uint32_t first = 0, last = 0;
  if (dash == std::string_view::npos || !parseNumber(text.substr(0, dash), 1, 255, first)) return false;
  if (!parseNumber(text.substr(dash + 1), first, 254, last)) return false;
  options.firstVirtualRouterId = static_cast<std::uint8_t>(first);
  options.virtualRouterIds = static_cast<std::uint8_t>(last - first + 1);
  return true;
}

struct Flag {
  std::string_view name;
  bool hasValue;
  bool (*apply)(BenchOptions& options, std::string_view value);
};

constexpr std::array kFlags = {
    Flag{"--interface", true,
         [](BenchOptions& o, std::string_view value) { return o.interface = value, !value.empty() && value.size() < 16; }},
    Flag{"--output", true, [](BenchOptions& o, std::string_view value) { return o.output = value, !value.empty(); }},
    Flag{"--duration", true, [](BenchOptions& o, std::string_view value) { return parseDuration(value, o.duration); }},
    Flag{"--outgoing", false, [](BenchOptions& o, std::string_view) { return o.outgoing = true; }},
    Flag{"--addresses", true, [](BenchOptions& o, std::string_view value) { return o.addresses = value, !value.empty(); }},
    Flag{"--owner", true, [](BenchOptions& o, std::string_view value) { return parseMac(value, o.owner); }},
    Flag{"--eager", false, [](BenchOptions& o, std::string_view) { return o.eager = true; }},
    Flag{"--rate", true, [](BenchOptions& o, std::string_view value) { return parseNumber(value, 1'000, 1'000'000, o.rate); }},
    Flag{"--source", true, addSource},
    Flag{"--address", true,
         [](BenchOptions& o, std::string_view value) {
           return wire::parseIpAddress(value, o.address) && o.address.family == wire::Family::IPv4;
         }},
    Flag{"--vrids", true, parseVirtualRouterIds},
    Flag{"--help", false, [](BenchOptions& o, std::string_view) { return o.help = true; }},
};

const Flag* findFlag(std::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string checkWhole(const BenchOptions& options) {
  if (options.help) return "";
  if (options.interface.empty()) return "--interface is missing";
  if (options.mode == Mode::Sweep && options.addresses.empty()) return "sweep needs --addresses";
  if (options.mode == Mode::Sweep && options.owner == wire::MacAddress{}) return "sweep needs --owner";
  if (options.mode == Mode::Flood && (options.sources.empty() || options.address.isUnspecified()))
    return "flood needs --source and --address";
  return "";
}

bool parseMode(std::string_view text, Mode& out) {
  for (const auto& [name, mode] : kModes) {
    if (name == text) return out = mode, true;
  }
  return false;
}

}  // namespace

std::string parseBenchOptions(std::span<char* const> arguments, BenchOptions& options) {
  if (arguments.empty()) return "what to do is missing: tally, sweep or flood";
  std::size_t at = parseMode(arguments[0], options.mode) ? 1 : 0;
  if (at == 0 && std::string_view(arguments[0]) != "--help")
    return std::string("cannot ") + arguments[0] + ": expected tally, sweep or flood";
  for (; at < arguments.size(); ++at) {
    const std::string name = arguments[at];
    const Flag* const flag = findFlag(name);
    if (flag == nullptr) return "unknown argument " + name;
    if (flag->hasValue && at + 1 == arguments.size()) return name + " needs a value";
    const std::string_view value = flag->hasValue ? arguments[++at] : "";
    if (!flag->apply(options, value)) return name + " does not take \"" + std::string(value) + '"';
  }
  return checkWhole(options);
}

std::string_view benchUsage() {
  return "lanbench tally --interface NAME [--outgoing] [--duration 10s] [--output FILE]\n"
         "lanbench sweep --interface NAME --addresses FILE --owner MAC [--eager] [--duration 10s] [--output FILE]\n"
         "lanbench flood --interface NAME --source ADDRESS... --address ADDRESS [--vrids 1-10] [--rate 50000] [--duration 10s]\n"
         "\n"
         "  tally  who adverts for each virtual router and announces each address, from when to when: for loads where\n"
         "         a record for each packet would cost more than what is measured\n"
         "  sweep  when MAC answers for each address of the file (ARP or NS); ends when it answers for all\n"
         "  flood  VRRP adverts that every receiver must discard, of all kinds in turn\n"
         "Ends on SIGTERM, SIGINT or after --duration. native/tools/README.md describes every record.\n";
}

}  // namespace aloft::tools
