#pragma once
// The macvlans that carry the virtual router MAC addresses. Each is made when its virtual router is configured and stays down until that is
// MASTER: a link that is down attracts nothing, answers nothing and has no multicast groups to tell the switches of. Actuator thread only.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel/linkTable.h"
#include "kernel/routeClient.h"
#include "runtime/messages.h"

namespace aloft::runtime {

/// 00-00-5E-00-01-VRID or 00-00-5E-00-02-VRID (RFC 9568 §7.3).
wire::MacAddress virtualMac(wire::Family family, std::uint8_t virtualRouterId);
/// Whether a link is a macvlan that Aloft made: it says so in its alias (IFLA_IFALIAS), also after the process that made it has died.
bool isVirtualMacLink(const kernel::Link& link);

class VirtualMacs {
 public:
  explicit VirtualMacs(kernel::RouteClient& client) : client_(client) {}

  /// From now on these are wanted: by name.
  void configure(const std::vector<Assignment>& assignments);
  /// Makes what is missing, takes away what nobody wants any more unless `isInUse`. What failed is tried again at the next call. True when
  /// links changed: the notifications tell how.
  bool update(const kernel::LinkTable& links, const std::function<bool(const kernel::Link&)>& isInUse);
  /// The end: takes all away.
  void removeAll(const kernel::LinkTable& links);

  /// Why a macvlan is not there; empty when it is.
  std::string problem(const std::string& name) const;
  bool hasProblems() const { return !problems_.empty(); }

 private:
  struct Want {
    std::string parent;
    wire::Family family{};
    wire::MacAddress mac{};
  };

  bool make(const std::string& name, const Want& want, const kernel::LinkTable& links);
  bool remove(const kernel::Link& link, const kernel::LinkTable& links);
  void silenceParent(const kernel::Link& parent);
  void restoreParent(const kernel::Link& gone, const kernel::LinkTable& links);
  bool fits(const kernel::Link& link, const Want& want, const kernel::LinkTable& links) const;

  kernel::RouteClient& client_;
  std::map<std::string, Want> wanted_;
  std::map<std::string, std::string> problems_;
};

}  // namespace aloft::runtime
