#pragma once
// Destinations from /proc/net/ip_vs: one reading for all, where netlink takes a dump for each service.

#include <string>
#include <string_view>
#include <vector>

#include "ipvs/table.h"
#include "os/result.h"

namespace aloft::kernel {

/// Of the calling thread's network namespace. `text` keeps its memory.
os::Status readIpvsTable(std::string& text);

/// Gives those services that the text tells of their destinations, and returns which those are: none when it is malformed, none by firewall
/// mark, whose family it does not tell.
std::vector<bool> fillInDestinations(std::vector<ipvs::StandingService>& services, std::string_view text);

}  // namespace aloft::kernel
