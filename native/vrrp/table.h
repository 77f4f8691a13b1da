#pragma once
// All virtual routers of one configuration, how to find them, and the memory that they need.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vrrp/deadlineHeap.h"
#include "vrrp/effectQueue.h"
#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

/// An interface that virtual routers name; the kernel may not have it.
struct Interface {
  std::string name;
  std::uint32_t ifindex = 0;  ///< 0: missing
  /// By family and VRID: index of the virtual router + 1, 0 for none.
  std::array<std::array<std::uint32_t, 256>, 2> routers{};
};

struct Table::Contents {
  explicit Contents(std::vector<VirtualRouter> sortedRouters);

  VirtualRouter* withId(RouterId id);
  std::uint32_t indexOf(const VirtualRouter& router) const { return static_cast<std::uint32_t>(&router - routers.data()); }
  Interface* withName(std::string_view name);
  /// Null when no virtual router names the link with this index.
  Interface* withIndex(std::uint32_t ifindex);
  /// Null when the interface has no such virtual router.
  VirtualRouter* on(const Interface& interface, wire::Family family, std::uint8_t virtualRouterId);
  /// Makes withIndex() find `interface`; with 0, not find it.
  void bind(Interface& interface, std::uint32_t ifindex) {
    interface.ifindex = ifindex;
    indexInterfaces();
  }
  /// Brings withIndex() in step with the interfaces. Built anew each time: links change rarely, and open addressing without deletions
  /// stays simple.
  void indexInterfaces();

  template <typename Action>
  void forEachOn(const Interface& interface, const Action& action) {
    for (const auto& family : interface.routers) {
      for (const std::uint32_t entry : family) {
        if (entry != 0) action(routers[entry - 1]);
      }
    }
  }

  /// Brings the heap in step with a router that has just had an input.
  void keepDeadline(const VirtualRouter& router) { deadlines.set(indexOf(router), router.nextDeadline()); }

  std::vector<VirtualRouter> routers;  ///< by RouterId
  std::vector<Interface> interfaces;   ///< by name
  DeadlineHeap deadlines;
  EffectQueue effects;

 private:
  std::vector<Interface*> byIndex_;  // open addressing over ifindex, a power of two in size, at most half full
};

}  // namespace aloft::vrrp
