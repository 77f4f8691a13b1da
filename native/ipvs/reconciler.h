#pragma once
// Keeps the kernel's table as it is wanted. Sans-I/O: says when to look and how, is told what was seen, says what to do, is told what became
// of it. Time is an argument. Whoever drives it does what look() says and answers by glanced(), dumped() or blind(); then what work() says,
// until it is empty, and answers by carriedOut() or blind().
//
// A glance is cheap, lacks much, and may be torn: it only raises the suspicion that somebody else has changed what is ours. What is set right
// is decided by the dump that follows. A new desired state is compared with what is known to stand, without any look; should that not be
// true any more, operations fail, and a dump follows as well.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ipvs/drains.h"
#include "ipvs/operation.h"
#include "ipvs/refusals.h"
#include "ipvs/rhythm.h"
#include "ipvs/standingTable.h"
#include "ipvs/table.h"

namespace aloft::ipvs {

struct Event {
  enum class Kind : std::uint8_t {
    Applied,   ///< the state that was wanted last is in the kernel, or as much of it as the kernel takes
    Repaired,  ///< somebody else had changed what is ours, and it is right again
    Failed,    ///< the kernel refuses an operation
    Drained,   ///< a destination that was no longer wanted is gone
  };
  Kind kind{};
  bool programmed = false;         // Applied: all of it
  std::string message{};           // Repaired: what was done
  Failure failure{};               // Failed
  wire::IpvsServiceKey service{};  // Drained …
  wire::IpvsDestinationKey destination{};
};

class Reconciler {
 public:
  enum class Look : std::uint8_t { None, Glance, Dump };
  /// So many operations are carried out before anything else is heard.
  static constexpr std::size_t kBatch = 1024;

  /// `ours` are services that an earlier process may have left: they go unless they are wanted.
  explicit Reconciler(ServiceKeys ours) : ours_(std::move(ours)) {}

  void want(Table desired, Time now);

  Look look(Time now) const;
  /// When look() has something to say, while there is no work; nothing when only want() can change that.
  std::optional<Time> nextLook() const;
  /// `cost` is the time of a core that the look took.
  void glanced(const std::vector<StandingService>& glance, Time cost, Time now);
  /// Also of a dump that was made for another reason.
  void dumped(Dump dump, Time cost, Time now);
  /// A look failed, or nobody knows what became of the work: there is no IPVS, or the connection to the kernel broke.
  void blind(Time now);

  std::span<const Operation> work() const;
  /// Of all operations of work(): 0 or an errno each.
  void carriedOut(std::span<const int> outcomes, Time now);

  /// What removes all that is ours.
  std::vector<Operation> farewell() const;

  std::vector<Event> takeEvents() { return std::exchange(events_, {}); }
  const StandingTable& standing() const { return standing_; }
  const Refusals& refusals() const { return refusals_; }
  bool isOurs(const wire::IpvsServiceKey& service) const { return ours_.contains(service); }
  bool isDraining(const wire::IpvsServiceKey& service, const wire::IpvsDestinationKey& destination) const {
    return drains_.contains(service, destination);
  }
  /// Whether the kernel has all of what is wanted.
  bool programmed() const { return programmed_; }
  std::uint64_t repairs() const { return repairs_; }
  std::uint64_t failures() const { return failures_; }

 private:
  /// Of one plan; a plan that is given up half way has no end.
  static constexpr std::size_t kMaxFailureEvents = 64;

  bool isIdle() const;
  /// `seen`: what is known was looked at just now.
  void plan(bool seen, Time now);
  void noteRepairs();
  void forgetGone();
  void succeed(const Operation& operation);
  void fail(const Operation& operation, int error);
  void finish(Time now);
  void announce(bool programmed);

  std::optional<Table> desired_;
  ServiceKeys ours_;  ///< all that is wanted, and what was wanted once and may still stand
  StandingTable standing_;
  bool known_ = false;  ///< whether `standing_` tells what stands
  Drains drains_;
  Rhythm rhythm_;
  Refusals refusals_;

  std::vector<Operation> plan_;
  std::size_t done_ = 0;            ///< of `plan_`
  bool seen_ = false;               ///< the plan was made of what was looked at just now
  bool doubted_ = false;            ///< an operation failed, maybe only because what was known is not true any more
  std::size_t failuresTold_ = 0;    ///< of this plan
  std::optional<Event> repair_;     ///< to be told when the plan is carried out
  bool settled_ = false;            ///< a plan for the last desired state is finished: what differs from now on was changed by others
  bool programmed_ = false;
  std::optional<bool> announced_;   ///< of the last desired state

  std::vector<Event> events_;
  std::uint64_t repairs_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace aloft::ipvs
