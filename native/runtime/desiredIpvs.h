#pragma once
// What a caller asks of IPVS, as src/agent/native describes it: types are checked and nothing else.

#include <optional>
#include <string>
#include <vector>

#include "runtime/desiredState.h"

namespace aloft::runtime {

struct DesiredIpvsServiceKey {
  std::string family;
  MaybeText protocol = {};
  MaybeText address = {};
  MaybeNumber port = {};
  MaybeNumber firewallMark = {};
};

struct DesiredIpvsDestinationKey {
  std::string address;
  double port = 0;
};

struct DesiredIpvsTunnel {
  std::string type;
  MaybeNumber port = {};
  MaybeText checksum = {};
};

struct DesiredIpvsDestination {
  DesiredIpvsDestinationKey key;
  std::string forwarding;
  double weight = 0;
  MaybeNumber upperThreshold = {};
  MaybeNumber lowerThreshold = {};
  std::optional<DesiredIpvsTunnel> tunnel = {};
};

struct DesiredIpvsPersistence {
  double timeoutSeconds = 0;
  double prefixLength = 0;
  MaybeText engine = {};
};

struct DesiredIpvsService {
  DesiredIpvsServiceKey key;
  std::string scheduler;
  std::vector<std::string> schedulerFlags = {};
  bool onePacket = false;
  std::optional<DesiredIpvsPersistence> persistence = {};
  std::vector<DesiredIpvsDestination> destinations = {};
  std::vector<DesiredIpvsDestinationKey> failed = {};
  MaybeNumber drainSeconds = {};
};

struct DesiredIpvsDaemon {
  std::string role;
  std::string interface;
  double syncID = 0;
  MaybeNumber maxLength = {};
  MaybeText group = {};
  MaybeNumber port = {};
  MaybeNumber ttl = {};
};

struct DesiredIpvsTimeouts {
  MaybeNumber tcp = {};
  MaybeNumber tcpFin = {};
  MaybeNumber udp = {};
};

struct DesiredIpvsState {
  std::vector<DesiredIpvsService> services;
  std::optional<std::vector<DesiredIpvsDaemon>> daemons = {};  ///< absent: not ours
  DesiredIpvsTimeouts timeouts = {};
  std::vector<DesiredIpvsServiceKey> kept = {};  ///< as they were in the state before
};

}  // namespace aloft::runtime
