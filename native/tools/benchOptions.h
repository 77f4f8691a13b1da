#pragma once
// The command line of lanbench. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/time.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

struct BenchOptions {
  enum class Mode : std::uint8_t { Tally, Sweep, Flood };
  Mode mode = Mode::Tally;
  std::string interface;
  std::string output = "-";
  Nanoseconds duration = 0;  ///< 0: until a signal
  bool outgoing = false;     ///< tally: also what the own host sends
  // sweep
  std::string addresses;  ///< file, one a line
  wire::MacAddress owner{};
  bool eager = false;  ///< ask for all as if they had been announced
  // flood
  std::uint32_t rate = 50'000;           ///< packets a second
  std::vector<wire::IpAddress> sources;  ///< in turn
  wire::IpAddress address;
  std::uint8_t firstVirtualRouterId = 1;
  std::uint8_t virtualRouterIds = 1;  ///< how many
  bool help = false;
};

/// Reads the arguments behind the program's name. Returns a sentence that says what is wrong, or an empty string.
std::string parseBenchOptions(std::span<char* const> arguments, BenchOptions& options);
std::string_view benchUsage();

}  // namespace aloft::tools
