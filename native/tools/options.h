#pragma once
// The command line. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/time.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

struct Options {
  std::string interface;
  std::vector<wire::IpAddress> echo;
  std::vector<wire::IpAddress> arp;
  Nanoseconds every = kMillisecond;
  Nanoseconds arpEvery = 10 * kMillisecond;
  Nanoseconds gap = 3 * kMillisecond;
  Nanoseconds timeout = 50 * kMillisecond;
  Nanoseconds duration = 0;  ///< 0: until a signal
  std::string output = "-";
  bool capture = false;
  bool stream = false;
  bool help = false;
};

/// "1ms", "500us", "10s". False for anything else.
bool parseDuration(std::string_view text, Nanoseconds& out);
/// Reads the arguments behind the program's name. Returns a sentence that says what is wrong, or an empty string.
std::string parseOptions(std::span<char* const> arguments, Options& options);
std::string_view usage();

}  // namespace aloft::tools
