#pragma once
// A desired state that was found good: what Core::apply() takes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/entries.h"
#include "runtime/linkDelays.h"
#include "vrrp/configuration.h"

namespace aloft::runtime {

struct RouterConfiguration {
  vrrp::RouterConfig election;      ///< without numbers of checks and gate slot, which the core gives
  kernel::Entries entries;          ///< what stands while it is MASTER
  std::vector<std::string> checks;  ///< names of `election.checks`, in their order
};

struct Configuration {
  std::vector<RouterConfiguration> routers;
  kernel::Entries always;   ///< what stands as long as the core runs
  bool keepAlways = false;  ///< and after its end, for the next one to adopt
  bool debugUnknownRouters = false;
  std::vector<LinkDelay> linkDelays = {};
  std::vector<vrrp::AnnouncementPace> paces = {};
};

/// A result of a check, by name.
struct CheckResult {
  std::string name;
  bool up = true;
  std::optional<std::int32_t> value = {};  ///< of a tracked file
};

}  // namespace aloft::runtime
