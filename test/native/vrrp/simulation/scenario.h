#pragma once
// One history of a LAN, from a seed.

#include <cstdint>
#include <string>

namespace aloft::vrrp::simulation {

struct Outcome {
  std::string failure;            ///< empty when all held
  std::uint64_t fingerprint = 0;  ///< of everything that happened
};

/// Starts the nodes, hurts them, heals them, then kills and stops MASTERs one at a time, and checks after each step what must be true then.
Outcome runScenario(std::uint64_t seed, bool verbose);

}  // namespace aloft::vrrp::simulation
