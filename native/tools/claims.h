#pragma once
// Which of thousands of addresses a new owner answers for already, and which to ask for next. Pure.
//
// Asking for all of them all the time would load the machine more than the move that is measured. So those that the new owner has announced
// are asked for at once, the others a few at a time in turn; what has answered is not asked for again.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "tools/time.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

class Claims {
 public:
  struct Claim {
    wire::IpAddress address;
    Nanoseconds announcedNs = 0;  ///< 0: not yet
    Nanoseconds answeredNs = 0;   ///< 0: not yet
    Nanoseconds askedNs = 0;
  };
  /// An announced address that does not answer is asked for again after this.
  static constexpr Nanoseconds kPatience = 5 * kMillisecond;

  explicit Claims(const std::vector<wire::IpAddress>& addresses);

  void announced(const wire::IpAddress& address, Nanoseconds atNs);
  void answered(const wire::IpAddress& address, Nanoseconds atNs);

  /// The next address that was announced and does not answer yet, and is due by `nowNs`; it counts as asked for now.
  const Claim* nextAnnounced(Nanoseconds nowNs);
  /// The next of all that do not answer yet, in turn; null when all do.
  const Claim* nextInTurn(Nanoseconds nowNs);

  std::size_t open() const { return open_; }
  const std::vector<Claim>& all() const { return claims_; }

 private:
  Claim* find(const wire::IpAddress& address);

  std::vector<Claim> claims_;
  std::map<wire::IpAddress, std::size_t> index_;
  std::deque<std::size_t> announced_;  ///< in the order in which they are due
  std::size_t turn_ = 0;
  std::size_t open_ = 0;
};

}  // namespace aloft::tools
