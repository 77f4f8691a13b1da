#pragma once
// IPVS as the kernel has it, in memory: what it answers, what it makes of what it is given, in which order it lists. Written from the kernel's
// behaviour, and not from the code that is tested with it.

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/standingTable.h"

namespace aloft::ipvs {

class ModelKernel {
 public:
  struct Destination {
    wire::IpvsDestination set;
    std::uint32_t active = 0;
    std::uint32_t inactive = 0;
  };
  struct Service {
    wire::IpvsServiceSettings set;
    std::deque<Destination> destinations;  ///< the last one added first
  };

  /// 0 or an errno, as the client of the kernel gives it: to remove what is not there is a success.
  int carryOut(const Operation& operation);
  Dump dump() const;
  std::vector<StandingService> glance() const;

  // What others do by hand.
  Service* service(const wire::IpvsServiceKey& key);
  Destination* destination(const wire::IpvsServiceKey& key, const wire::IpvsDestinationKey& destination);
  void flush() { services_.clear(); }

  std::map<wire::IpvsServiceKey, Service> services_;
  std::vector<wire::IpvsDaemon> daemons_;
  wire::IpvsTimeouts timeouts_{900, 120, 300};
  std::set<wire::IpAddress> hostAddresses_;
  std::set<std::string> schedulers_ = {"rr", "wrr", "wlc", "mh", "sh"};
  std::set<std::string> interfaces_ = {"eth0", "eth1"};
  std::vector<Operation> requests_;  ///< all there ever were

 private:
  int carry(const SetService& operation);
  int carry(const RemoveService& operation);
  int carry(const SetDestination& operation);
  int carry(const RemoveDestination& operation);
  int carry(const StartDaemon& operation);
  int carry(const StopDaemon& operation);
  int carry(const SetTimeouts& operation);
};

}  // namespace aloft::ipvs
