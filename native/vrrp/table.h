#pragma once
// All virtual routers of one configuration, how to find them, and the memory that they need.

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

struct Table::Contents {
  Contents(std::vector<VirtualRouter> sortedRouters, const std::vector<AnnouncementPace>& paces);

  VirtualRouter* withId(RouterId id);
  std::uint32_t indexOf(const VirtualRouter& router) const { return static_cast<std::uint32_t>(&router - routers.data()); }
  /// Null when no virtual router names the interface.
  Interface* withName(std::string_view name);
  Interface* withIndex(std::uint32_t ifindex);
  /// Null when the interface has no such virtual router.
  VirtualRouter* on(const Interface& interface, wire::Family family, std::uint8_t virtualRouterId);
  /// Indices of the virtual routers that track a check.
  std::span<const std::pair<CheckId, std::uint32_t>> trackersOf(CheckId check) const;
  bool isTracked(CheckId check) const { return !trackersOf(check).empty(); }

  /// What the kernel says of an interface; index 0: that it is gone. withIndex() follows.
  void setLink(Interface& interface, const LinkState& link);
  /// Brings withIndex() in step with the interfaces. Built anew each time: links change rarely, and open addressing without deletions
  /// stays simple.
  void indexInterfaces();

  /// After an input to a router: its group follows, and the heap is brought in step.
  void follow(VirtualRouter& router, const Context& context);
  void keepDeadline(const VirtualRouter& router) { deadlines.set(indexOf(router), router.nextDeadline()); }

  template <typename Action>
  void forEachIndexMemory(const Action& action) const {
    action(std::as_bytes(std::span(ids_)));
    action(std::as_bytes(std::span(byIndex_)));
    action(std::as_bytes(std::span(trackers_)));
    action(std::as_bytes(std::span(laneIntervals)));
  }

  std::vector<VirtualRouter> routers;  ///< by RouterId
  std::vector<Interface> interfaces;   ///< by name
  std::vector<Group> groups;
  std::vector<Duration> laneIntervals;
  DeadlineHeap deadlines;
  EffectQueue effects;

 private:
  void placeRouters(Lanes& lanes);
  void formGroups();
  void indexTrackers();

  std::vector<RouterId> ids_;                                // of `routers`: a search among these stays in the processor's cache
  std::vector<Interface*> byIndex_;                          // open addressing over ifindex, a power of two in size, at most half full
  std::vector<std::pair<CheckId, std::uint32_t>> trackers_;  // sorted
};

}  // namespace aloft::vrrp
