#pragma once
// Who else uses our VRID: routers that cannot be of this virtual router, and one that has our own address.

#include "vrrp/outbox.h"
#include "vrrp/rateLimit.h"

namespace aloft::vrrp {

/// Switches and bridges give our own adverts back now and then; that is no second router. So an advert from our own address counts as
/// another's when none of ours can still be on the way, or when several in a row cannot be reflections: they differ from what we send, or
/// come long after our last one.
class ForeignRouter {
 public:
  /// An advert of our VRID that was refused for `reason`, or that lists none of our addresses.
  void handleForeign(const wire::IpAddress& source, wire::Discard reason, Outbox& out);

  struct OwnAdvert {
    bool isMaster = false;     ///< we send adverts ourselves
    bool isIdentical = false;  ///< to what we send now
    TimePoint sentAt{};        ///< our last one
    TimePoint messageSince{};  ///< we have sent the present message since then
    Duration interval{};
  };
  /// An advert from our own address.
  void handleOwn(const wire::IpAddress& source, const OwnAdvert& advert, Outbox& out);

  void fill(RouterStatus& status) const;

 private:
  wire::IpAddress source_;
  wire::Discard reason_{};
  TimePoint at_{};
  int suspicions_ = 0;
  RateLimit foreign_{kNoticePeriod};
  RateLimit duplicate_{kNoticePeriod};
};

}  // namespace aloft::vrrp
