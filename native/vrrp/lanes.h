#pragma once
// Which announcements keep a distance from each other. Made with the table, off the vrrp thread.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vrrp/configuration.h"

namespace aloft::vrrp {

/// Announcements of one family out of the interfaces that share a pace. Number 0 has none: what is in it goes out as fast as it can.
using Lane = std::uint16_t;
inline constexpr Lane kNoPace = 0;
/// Should there be more, the rest of them are one lane.
inline constexpr std::size_t kMaxLanes = 256;

class Lanes {
 public:
  /// Of several paces that name an interface, or that name none, the first counts.
  explicit Lanes(const std::vector<AnnouncementPace>& paces);

  Lane of(const std::string& interface, wire::Family family);
  /// Least time between two frames, by lane.
  const std::vector<Duration>& intervals() const { return intervals_; }

 private:
  Lane add(Duration interval);

  std::map<std::pair<std::string, wire::Family>, Lane> lanes_;
  AnnouncementPace rest_;  ///< of each interface that no pace names
  std::vector<Duration> intervals_{Duration::zero()};
};

}  // namespace aloft::vrrp
