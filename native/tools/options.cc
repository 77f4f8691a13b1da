#include "tools/options.h"

#include <array>
#include <charconv>
#include <utility>

#include "tools/question.h"

namespace aloft::tools {
namespace {

/// A flag and what its value does; a flag without value gets an empty one. False when the value is bad.
struct Flag {
  std::string_view name;
  bool hasValue;
  bool (*apply)(Options& options, std::string_view value);
};

bool addAddress(std::vector<wire::IpAddress>& addresses, std::string_view text) {
  wire::IpAddress address;
  if (!wire::parseIpAddress(text, address)) return false;
  addresses.push_back(address);
  return true;
}

constexpr std::array kFlags = {
    Flag{"--interface", true, [](Options& o, std::string_view value) { return o.interface = value, !value.empty() && value.size() < 16; }},
    Flag{"--echo", true, [](Options& o, std::string_view value) { return addAddress(o.echo, value); }},
    Flag{"--every", true, [](Options& o, std::string_view value) { return parseDuration(value, o.every) && o.every > 0; }},
    Flag{"--arp", true, [](Options& o, std::string_view value) { return addAddress(o.arp, value); }},
    Flag{"--arp-every", true,
         [](Options& o, std::string_view value) { return parseDuration(value, o.arpEvery) && o.arpEvery >= kMillisecond; }},
    Flag{"--gap", true, [](Options& o, std::string_view value) { return parseDuration(value, o.gap); }},
    Flag{"--timeout", true, [](Options& o, std::string_view value) { return parseDuration(value, o.timeout) && o.timeout > 0; }},
    Flag{"--duration", true, [](Options& o, std::string_view value) { return parseDuration(value, o.duration); }},
    Flag{"--output", true, [](Options& o, std::string_view value) { return o.output = value, !value.empty(); }},
    Flag{"--capture", false, [](Options& o, std::string_view) { return o.capture = true; }},
    Flag{"--stream", false, [](Options& o, std::string_view) { return o.stream = true; }},
    Flag{"--help", false, [](Options& o, std::string_view) { return o.help = true; }},
};

const Flag* findFlag(std::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string checkWhole(const Options& options) {
  if (options.help) return "";
  if (options.interface.empty()) return "--interface is missing";
  // Beyond this a number could mean two questions.
  const Nanoseconds most = static_cast<Nanoseconds>(kQuestionMacs - 4) * options.arpEvery;
  if (!options.arp.empty() && options.timeout > most) return "--timeout must be at most 60 times --arp-every";
  return "";
}

}  // namespace

bool parseDuration(std::string_view text, Nanoseconds& out) {
  constexpr std::array<std::pair<std::string_view, Nanoseconds>, 3> kUnits = {{{"us", kMicrosecond}, {"ms", kMillisecond}, {"s", kSecond}}};
  Nanoseconds value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || value > 1'000'000'000) return false;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, factor] : kUnits) {
    if (unit == name) {
      out = value * factor;
      return true;
    }
  }
  return false;
}

std::string parseOptions(std::span<char* const> arguments, Options& options) {
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string name = arguments[at];
    const Flag* const flag = findFlag(name);
    if (flag == nullptr) return "unknown argument " + name;
    if (flag->hasValue && at + 1 == arguments.size()) return name + " needs a value";
    const std::string_view value = flag->hasValue ? arguments[++at] : "";
    if (!flag->apply(options, value)) return name + " does not take \"" + std::string(value) + '"';
  }
  return checkWhole(options);
}

std::string_view usage() {
  return "lanobserver --interface NAME [--echo ADDRESS]... [--every 1ms] [--arp ADDRESS]... [--arp-every 10ms] [--capture]\n"
         "            [--gap 3ms] [--timeout 50ms] [--duration 10s] [--output FILE] [--stream]\n"
         "\n"
         "Measures from the network namespace of a client what the LAN shows of virtual addresses. Writes JSON lines:\n"
         "  start, advert, announcement, owner, outage, doubleAnswer, summary (one per --echo and --arp), end.\n"
         "Times ...Ns are nanoseconds of CLOCK_MONOTONIC. Ends on SIGTERM, SIGINT or after --duration.\n"
         "\n"
         "  --echo ADDRESS      ping it every --every, through the client's own routes and neighbour cache: outages\n"
         "  --arp ADDRESS       ask who has it every --arp-every (ARP or NS): owners, double answers, outages\n"
         "  --capture           record VRRP adverts, gratuitous ARP and unsolicited Neighbor Advertisements\n"
         "  --gap DURATION      do not report shorter outages\n"
         "  --timeout DURATION  later answers do not count; at most 60 times --arp-every\n"
         "  --stream            write each record at once\n"
         "DURATION is an integer with us, ms or s. native/tools/README.md describes every record.\n";
}

}  // namespace aloft::tools
