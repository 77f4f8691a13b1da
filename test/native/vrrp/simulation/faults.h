#pragma once
// What goes wrong on the LAN, at random.

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

/// Lets random faults happen for `span` from now on; each is over by the end of it, but for what its traces are. Returns at once.
void scheduleFaults(World& world, Duration span);

/// Brings every node and the network back to health.
void heal(World& world);

}  // namespace aloft::vrrp::simulation
