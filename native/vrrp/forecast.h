#pragma once
// What an election would do, told by the engine that holds it: the candidates run in virtual time on a LAN that loses nothing.

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "vrrp/configuration.h"
#include "vrrp/time.h"

namespace aloft::vrrp {

/// A node as it takes part now.
struct Candidate {
  RouterConfig config;      ///< with the priority after tracking
  wire::IpAddress address;  ///< that it sends from; equal priorities are decided by it
};

enum class Loss {
  Silence,      ///< killed, powered off, cut off
  Resignation,  ///< stopped, or in FAULT with a link that works
};

struct Forecast {
  std::optional<std::size_t> successor;  ///< among the candidates; empty when nobody takes over
  /// From the last advert (Silence) or the one of priority 0 (Resignation) to the successor's first. A node dies at any moment between two
  /// adverts, so after a death it is up to one interval less.
  Duration takeover{};
};

/// What happens when `active`, being MASTER, is lost. Allocates: not for the vrrp thread.
Forecast forecastLoss(std::span<const Candidate> candidates, std::size_t active, Loss loss);

}  // namespace aloft::vrrp
