#pragma once
// What all virtual routers of the node see alike.

#include <optional>

#include "vrrp/checkTable.h"
#include "vrrp/effectQueue.h"

namespace aloft::vrrp {

struct Host {
  CheckTable checks;
  bool gateActive = false;
  std::optional<TimePoint> startedAt;  ///< the first configure()
};

/// What an input comes with.
struct Context {
  EffectQueue& effects;
  const Host& host;
  TimePoint now;
};

}  // namespace aloft::vrrp
