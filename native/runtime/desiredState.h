#pragma once
// What a caller asks for, as src/agent/native describes it: types are checked and nothing else. Numbers are JavaScript's. What may be
// left out is optional.

#include <optional>
#include <string>
#include <vector>

namespace aloft::runtime {

using MaybeText = std::optional<std::string>;
using MaybeNumber = std::optional<double>;

struct DesiredAddress {
  std::string address;
  MaybeText interface = {};
  MaybeText label = {};
  MaybeText scope = {};
  MaybeText broadcast = {};
  bool advertised = true;
};

struct DesiredNextHop {
  MaybeText via = {};
  MaybeText interface = {};
  MaybeNumber weight = {};
  bool onLink = false;
};

struct DesiredRoute {
  std::string family;
  std::string destination;
  std::string type;
  std::vector<DesiredNextHop> nextHops;
  MaybeText source = {};
  MaybeNumber metric = {};
  MaybeNumber table = {};
  MaybeText scope = {};
  MaybeNumber mtu = {};
};

struct DesiredRule {
  std::string family;
  std::string action;
  MaybeNumber priority = {};
  MaybeText from = {};
  MaybeText to = {};
  MaybeText inputInterface = {};
  MaybeText outputInterface = {};
  MaybeNumber firewallMark = {};
  MaybeNumber firewallMask = {};
  MaybeNumber table = {};
};

/// A tracked check or interface, by its name.
struct DesiredTrack {
  std::string name;
  double weight = 0;
  bool reverse = false;
};

struct DesiredTtlRange {
  double minimum = 0;
  double maximum = 0;
};

struct DesiredAnnouncements {
  std::vector<double> atMs;
  double copies = 1;
  double refreshMs = 0;
  double refreshCopies = 1;
};

struct DesiredRouter {
  std::string key;
  std::string family;
  std::string interface;
  double virtualRouterID = 0;
  double version = 0;
  double priority = 0;
  double advertisementIntervalMs = 0;
  bool preempt = true;
  double preemptDelayMs = 0;
  std::string checksum;
  std::vector<DesiredAddress> addresses;

  bool linkLocalFirst = true;
  MaybeNumber downTimerAdverts = {};
  MaybeNumber startupDelayMs = {};
  MaybeText sourceAddress = {};
  bool trackSourceAddress = false;
  MaybeText multicastGroup = {};
  std::vector<std::string> unicastPeers = {};
  std::vector<DesiredTtlRange> peerTTLs = {};
  MaybeNumber unicastTTL = {};
  MaybeText password = {};  ///< in no message, ever
  MaybeText virtualMACInterface = {};
  bool advertsWithVirtualMAC = true;
  MaybeText group = {};
  std::vector<DesiredTrack> checks = {};
  std::vector<DesiredTrack> interfaces = {};
  bool trackPrimary = true;
  std::optional<DesiredAnnouncements> announcements = {};
  MaybeText conflicts = {};
  bool accept = true;
  bool deadMan = false;
  MaybeNumber handOver = {};
  std::vector<DesiredRoute> routes = {};
  std::vector<DesiredRule> rules = {};
};

struct DesiredEntries {
  std::vector<DesiredAddress> addresses;
  std::vector<DesiredRoute> routes;
  std::vector<DesiredRule> rules;
};

struct DesiredInterface {
  std::string name;
  double downDelayMs = 0;
  double upDelayMs = 0;
};

/// Microseconds, as switches want a thousandth of a second or less.
struct DesiredPace {
  std::vector<std::string> interfaces;
  MaybeNumber gratuitousArpUs = {};
  MaybeNumber unsolicitedNaUs = {};
};

struct DesiredState {
  std::vector<DesiredRouter> routers;
  DesiredEntries always;    ///< `static`
  bool keepAlways = false;  ///< `static.keep`
  bool debugUnknownRouters = false;
  std::vector<DesiredInterface> interfaces = {};
  std::vector<DesiredPace> announcementPacing = {};
};

}  // namespace aloft::runtime
