#pragma once
// The actuator's side of the gate: which links it looks at, whether it still stands there, and which slot decides on which address.
// Actuator thread only, but for usesSlot() and problem().

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/gate.h"
#include "kernel/linkTable.h"
#include "kernel/resolution.h"
#include "os/multicastListener.h"
#include "runtime/gateWatch.h"
#include "runtime/messages.h"
#include "runtime/snapshot.h"

namespace aloft::runtime {

class GateAssigner {
 public:
  /// `gate` is null when there is none. Then what a predecessor left on the links is taken off, and nothing else done.
  explicit GateAssigner(kernel::Gate* gate) : gate_(gate) {}

  /// Whether host routes do on a link: the gate answers for them there.
  bool answersOn(const kernel::Link& link) const;

  /// Before addresses of a virtual router come: each is assigned to its slot, and the gate looks at its link.
  void prepare(const Assignment& assignment, const kernel::LinkTable& links);
  /// After addresses went, or the configuration changed: lets go of all that is not of one of these virtual routers.
  void retain(const std::function<bool(vrrp::RouterId)>& keep);
  /// Links came, went or changed: looks at those that are there now.
  void update(const kernel::LinkTable& links);

  /// Somebody was at the filters of a link.
  void doubt(std::uint32_t ifindex);
  /// Notifications were lost.
  void doubtAll();
  /// When look() has something to do.
  std::chrono::nanoseconds nextLook() const { return watch_.next(); }
  /// Looks at one link that is due, and puts right what others did there.
  void look(const kernel::LinkTable& links);

  /// The end, after all addresses have gone.
  os::Status detachAll();

  /// Any thread.
  bool usesSlot(std::uint32_t slot) const;
  /// Any thread. Where the gate should stand and does not, and why; empty when it stands on all links.
  std::string problem() const;
  /// What people should know of since the last call.
  std::vector<CoreEvent> takeEvents() { return std::exchange(events_, {}); }

 private:
  struct Key {
    std::uint32_t ifindex = 0;
    wire::IpAddress address;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    std::uint32_t slot = 0;
    bool answer = false;
    vrrp::RouterId router = 0;
  };

  kernel::GateLink describe(const kernel::Link& link, const kernel::LinkTable& links) const;
  bool attach(const kernel::Link& link, const kernel::LinkTable& links);
  void assign(std::span<const kernel::GateAddress> addresses, vrrp::RouterId router);
  /// Neighbor Solicitations go to a multicast group of each address, which the kernel joins for an address of its own only.
  void hearSolicitations(std::uint32_t ifindex, std::span<const kernel::PlacedAddress> addresses);
  void fail(const os::Error& error, std::string message);
  void failOn(const kernel::Link& link, const os::Error& error);
  void succeedOn(std::uint32_t ifindex);

  kernel::Gate* gate_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::map<std::uint32_t, kernel::GateLink> attached_;
  GateWatch watch_;  ///< over these, and over links to which it could not be attached
  std::set<std::uint32_t> cleared_;  ///< without a gate: links on which nothing of a predecessor is left
  struct Listening {
    os::MulticastListener listener;
    std::set<wire::IpAddress> groups;
  };
  std::map<std::uint32_t, Listening> listening_;
  std::unordered_map<std::string, std::uint32_t> slotOfLink_;  ///< of a macvlan with a virtual MAC address
  std::vector<CoreEvent> events_;
  std::string lastFailure_;

  mutable std::mutex lock_;
  std::set<std::uint32_t> slots_;
  std::map<std::uint32_t, std::string> problems_;  ///< by link
};

}  // namespace aloft::runtime
