#include "runtime/validation.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "runtime/entryValidation.h"
#include "vrrp/engine.h"

namespace aloft::runtime {
namespace {

constexpr std::size_t kMaxAddresses = 4096;
constexpr std::size_t kMaxPeers = 256;
constexpr std::size_t kMaxTracks = 256;
constexpr std::size_t kMaxPaces = 64;
constexpr std::size_t kMaxName = 512;
constexpr double kDayMs = 86'400'000;

constexpr NumberRange kVirtualRouterId = {1, 255};
constexpr NumberRange kVersion = {2, 3};
constexpr NumberRange kPriority = {1, 255};
constexpr NumberRange kInterval2 = {1000, 255000, 1000};
constexpr NumberRange kInterval3 = {10, 40950, 10};
constexpr NumberRange kDownTimerAdverts = {1, 100};
constexpr NumberRange kDelay = {0, kDayMs};
constexpr NumberRange kWeight = {-253, 253};
constexpr NumberRange kTtl = {1, 255};
constexpr NumberRange kPeerTtl = {0, 255};
constexpr NumberRange kCopies = {1, 255};
constexpr NumberRange kHandOver = {0, 9007199254740991.0};

constexpr std::array<Choice<vrrp::ChecksumMode>, 3> kChecksums = {{{"Auto", vrrp::ChecksumMode::Auto},
                                                                   {"WithoutPseudoHeader", vrrp::ChecksumMode::WithoutPseudoHeader},
                                                                   {"WithPseudoHeader", vrrp::ChecksumMode::WithPseudoHeader}}};
constexpr std::array<Choice<vrrp::ConflictPolicy>, 3> kPolicies = {
    {{"Off", vrrp::ConflictPolicy::Off}, {"Report", vrrp::ConflictPolicy::Report}, {"Enforce", vrrp::ConflictPolicy::Enforce}}};

vrrp::Duration toDuration(std::int64_t milliseconds) { return std::chrono::milliseconds(milliseconds); }

void addAddresses(const DesiredRouter& desired, const Fields& fields, RouterConfiguration& out) {
  const vrrp::RouterConfig& election = out.election;
  const std::string& home = election.virtualMacInterface.empty() ? election.interface : election.virtualMacInterface;
  const std::size_t count = desired.addresses.size();
  if (count == 0 || count > kMaxAddresses) return fields.fail("addresses", "must have 1 to 4096 entries, not " + std::to_string(count));
  bool any = false;
  for (std::size_t i = 0; i < count && !fields.failed(); ++i) {
    const DesiredAddress& address = desired.addresses[i];
    const Fields at = fields.element("addresses", i);
    kernel::AddressEntry entry = toAddress(address, home, at);
    if (address.advertised && entry.prefix.address.family != election.family) {
      at.fail("address", address.address + " is not of the virtual router's family");
    }
    any |= address.advertised;
    out.election.addresses.push_back({entry.prefix, address.interface.value_or(""), address.advertised});
    out.entries.addresses.push_back(std::move(entry));
  }
  if (!any) fields.fail("addresses", "must have one that is advertised");
}

/// Calls `add(name, weight, reverse)` for each track, which must be there once.
template <class Add>
void addTracks(const char* field, const char* nameField, const std::vector<DesiredTrack>& tracks, const Fields& fields, const Add& add) {
  if (tracks.size() > kMaxTracks) return fields.fail(field, "must have at most 256 entries");
  std::set<std::string> names;
  for (std::size_t i = 0; i < tracks.size() && !fields.failed(); ++i) {
    const Fields at = fields.element(field, i);
    const std::string name = at.name(nameField, tracks[i].name, kMaxName);
    if (!names.insert(name).second) at.fail(nameField, "\"" + name + "\" is tracked twice");
    add(at, name, at.number<std::int16_t>("weight", tracks[i].weight, kWeight), tracks[i].reverse);
  }
}

void addTracking(const DesiredRouter& desired, const Fields& fields, RouterConfiguration& out) {
  addTracks("checks", "check", desired.checks, fields, [&out](const Fields&, const std::string& name, std::int16_t weight, bool reverse) {
    out.checks.push_back(name);
    out.election.checks.push_back({0, weight, reverse});
  });
  addTracks("interfaces", "interface", desired.interfaces, fields,
            [&out](const Fields& at, const std::string& name, std::int16_t weight, bool reverse) {
              out.election.interfaces.push_back({at.interface("interface", name), weight, reverse});
            });
  out.election.trackPrimary = desired.trackPrimary;
  if (desired.group) out.election.group = fields.name("group", *desired.group, kMaxName);
}

void addAuthentication(const DesiredRouter& desired, const Fields& fields, vrrp::RouterConfig& out) {
  if (!desired.password) return;
  constexpr std::uint8_t kSimpleText = 1;  // RFC 2338 §5.3.6
  const std::string& password = *desired.password;
  if (out.version != 2) fields.fail("password", "is of version 2 only");
  if (password.empty() || password.size() > out.authentication.data.size()) fields.fail("password", "must have 1 to 8 bytes");
  if (fields.failed()) return;
  out.authentication.type = kSimpleText;
  std::copy(password.begin(), password.end(), out.authentication.data.begin());
}

void addPeers(const DesiredRouter& desired, const Fields& fields, vrrp::RouterConfig& out) {
  if (desired.unicastPeers.size() > kMaxPeers) return fields.fail("unicastPeers", "must have at most 256 entries");
  for (std::size_t i = 0; i < desired.unicastPeers.size() && !fields.failed(); ++i) {
    const wire::IpAddress peer = fields.element("unicastPeers", i).address("", desired.unicastPeers[i], out.family);
    const bool twice = std::find(out.unicastPeers.begin(), out.unicastPeers.end(), peer) != out.unicastPeers.end();
    if (twice) fields.element("unicastPeers", i).fail("", desired.unicastPeers[i] + " is there twice");
    out.unicastPeers.push_back(peer);
  }
  if (desired.peerTTLs.size() > desired.unicastPeers.size()) return fields.fail("peerTTLs", "must have no more entries than unicastPeers");
  for (std::size_t i = 0; i < desired.peerTTLs.size(); ++i) {
    const Fields range = fields.element("peerTTLs", i);
    out.peerTtls.push_back({range.number<std::uint8_t>("minimum", desired.peerTTLs[i].minimum, kPeerTtl),
                            range.number<std::uint8_t>("maximum", desired.peerTTLs[i].maximum, kPeerTtl)});
  }
  out.unicastTtl = fields.number<std::uint8_t>("unicastTTL", desired.unicastTTL, kTtl, out.unicastTtl);
}

void addTransport(const DesiredRouter& desired, const Fields& fields, vrrp::RouterConfig& out) {
  if (desired.sourceAddress) out.sourceAddress = fields.address("sourceAddress", *desired.sourceAddress, out.family);
  out.trackSource = desired.trackSourceAddress && desired.sourceAddress;
  if (desired.multicastGroup) out.multicastGroup = fields.group("multicastGroup", *desired.multicastGroup, out.family);
  addPeers(desired, fields, out);
  out.advertsWithVirtualMac = desired.advertsWithVirtualMAC;
  if (!desired.virtualMACInterface) return;
  out.virtualMacInterface = fields.interface("virtualMACInterface", *desired.virtualMACInterface);
  if (out.virtualMacInterface == out.interface) fields.fail("virtualMACInterface", "must be another than the router's interface");
}

void addAnnouncements(const DesiredRouter& desired, const Fields& fields, vrrp::AnnouncementPlan& out) {
  if (!desired.announcements) return;
  const DesiredAnnouncements& plan = *desired.announcements;
  const Fields at = fields.object("announcements");
  if (plan.atMs.size() > vrrp::AnnouncementPlan::kMaxTimes) return at.fail("atMs", "must have at most 6 entries");
  for (std::size_t i = 0; i < plan.atMs.size(); ++i) {
    const Fields entry = at.element("atMs", i);
    out.at[i] = toDuration(entry.number<std::int64_t>("", plan.atMs[i], kDelay));
    if (i > 0 && out.at[i] <= out.at[i - 1]) entry.fail("", "must be greater than the one before");
  }
  out.times = static_cast<std::uint8_t>(plan.atMs.size());
  out.copies = at.number<std::uint8_t>("copies", plan.copies, kCopies);
  out.refresh = toDuration(at.number<std::int64_t>("refreshMs", plan.refreshMs, kDelay));
  out.refreshCopies = at.number<std::uint8_t>("refreshCopies", plan.refreshCopies, kCopies);
}

void addElection(const DesiredRouter& desired, const Fields& fields, vrrp::RouterConfig& out) {
  out.key = fields.name("key", desired.key, kMaxName);
  out.family = fields.choice("family", desired.family, kFamilies);
  out.interface = fields.interface("interface", desired.interface);
  out.virtualRouterId = fields.number<std::uint8_t>("virtualRouterID", desired.virtualRouterID, kVirtualRouterId);
  out.version = fields.number<std::uint8_t>("version", desired.version, kVersion);
  if (out.family == wire::Family::IPv6 && out.version == 2) fields.fail("version", "must be 3 for IPv6");
  out.priority = fields.number<std::uint8_t>("priority", desired.priority, kPriority);
  const NumberRange& interval = out.version == 2 ? kInterval2 : kInterval3;
  out.advertisementInterval = toDuration(fields.number<std::int64_t>("advertisementIntervalMs", desired.advertisementIntervalMs, interval));
  out.preempt = desired.preempt;
  out.preemptDelay = toDuration(fields.number<std::int64_t>("preemptDelayMs", desired.preemptDelayMs, kDelay));
  out.checksum = fields.choice("checksum", desired.checksum, kChecksums);
  out.linkLocalFirst = desired.linkLocalFirst;
  out.downTimerAdverts = fields.number<std::uint8_t>("downTimerAdverts", desired.downTimerAdverts, kDownTimerAdverts, out.downTimerAdverts);
  out.startupDelay = toDuration(fields.number<std::int64_t>("startupDelayMs", desired.startupDelayMs, kDelay, 0));
  if (desired.conflicts) out.conflicts = fields.choice("conflicts", *desired.conflicts, kPolicies);
  out.accept = desired.accept;
  out.deadMan = desired.deadMan;
  out.handOver = fields.number<std::uint64_t>("handOver", desired.handOver, kHandOver, 0);
}

RouterConfiguration toRouter(const DesiredRouter& desired, const Fields& fields) {
  RouterConfiguration out;
  addElection(desired, fields, out.election);
  addTransport(desired, fields, out.election);
  addAuthentication(desired, fields, out.election);
  addAnnouncements(desired, fields, out.election.announcements);
  addTracking(desired, fields, out);
  addAddresses(desired, fields, out);
  addRouting(desired.routes, desired.rules, fields, out.entries);
  return out;
}

/// What may be there only once, over the whole state. Each remembers who had it first.
class Uniqueness {
 public:
  void take(const kernel::AddressEntry& address, const Fields& fields, const std::string& owner) {
    const auto [first, isNew] = addresses_.emplace(std::tuple(address.interface, address.prefix.address), owner);
    if (isNew) return;
    fields.fail("address",
                wire::format(address.prefix.address) + " on " + address.interface + " is an address of " + first->second + " as well");
  }

  void take(const RouterConfiguration& router, const Fields& fields, const std::string& owner) {
    const vrrp::RouterConfig& election = router.election;
    const auto [key, keyIsNew] = keys_.emplace(election.key, owner);
    if (!keyIsNew) fields.fail("key", "\"" + election.key + "\" is the key of " + key->second + " as well");
    const auto [same, isNew] = elections_.emplace(std::tuple(election.interface, election.family, election.virtualRouterId), owner);
    if (!isNew) {
      fields.fail("virtualRouterID",
                  std::to_string(election.virtualRouterId) + " on " + election.interface + " is that of " + same->second + " as well");
    }
    if (!election.virtualMacInterface.empty()) {
      const auto [macvlan, macvlanIsNew] = macvlans_.emplace(election.virtualMacInterface, owner);
      if (!macvlanIsNew) fields.fail("virtualMACInterface", election.virtualMacInterface + " is that of " + macvlan->second + " as well");
    }
    for (std::size_t i = 0; i < router.entries.addresses.size(); ++i) {
      take(router.entries.addresses[i], fields.element("addresses", i), owner);
    }
  }

 private:
  std::map<std::string, std::string> keys_;
  std::map<std::string, std::string> macvlans_;
  std::map<std::tuple<std::string, wire::Family, std::uint8_t>, std::string> elections_;
  std::map<std::tuple<std::string, wire::IpAddress>, std::string> addresses_;
};

void addRouters(const DesiredState& desired, const Fields& root, Uniqueness& unique, Configuration& out) {
  std::set<std::string> checks;
  for (std::size_t i = 0; i < desired.routers.size() && !root.failed(); ++i) {
    const Fields fields = root.element("routers", i);
    out.routers.push_back(toRouter(desired.routers[i], fields));
    if (root.failed()) return;
    unique.take(out.routers.back(), fields, "routers[" + std::to_string(i) + "]");
    checks.insert(out.routers.back().checks.begin(), out.routers.back().checks.end());
    if (checks.size() > vrrp::kMaxChecks) fields.fail("checks", "are more than 4096 different ones, all routers together");
  }
}

void addStatic(const DesiredState& desired, const Fields& root, Uniqueness& unique, Configuration& out) {
  const Fields fields = root.object("static");
  const auto& addresses = desired.always.addresses;
  if (addresses.size() > kMaxAddresses) fields.fail("addresses", "must have at most 4096 entries");
  for (std::size_t i = 0; i < addresses.size() && !root.failed(); ++i) {
    const Fields at = fields.element("addresses", i);
    out.always.addresses.push_back(toAddress(addresses[i], "", at));
    unique.take(out.always.addresses.back(), at, "static.addresses[" + std::to_string(i) + "]");
  }
  addRouting(desired.always.routes, desired.always.rules, fields, out.always);
  out.keepAlways = desired.keepAlways;
}

void addInterfaces(const DesiredState& desired, const Fields& root, Configuration& out) {
  if (desired.interfaces.size() > vrrp::kMaxLinks) return root.fail("interfaces", "must have at most 4096 entries");
  std::set<std::string> names;
  for (std::size_t i = 0; i < desired.interfaces.size() && !root.failed(); ++i) {
    const DesiredInterface& interface = desired.interfaces[i];
    const Fields fields = root.element("interfaces", i);
    const std::string name = fields.interface("name", interface.name);
    if (!names.insert(name).second) fields.fail("name", name + " is there twice");
    out.linkDelays.push_back({name, toDuration(fields.number<std::int64_t>("downDelayMs", interface.downDelayMs, kDelay)),
                              toDuration(fields.number<std::int64_t>("upDelayMs", interface.upDelayMs, kDelay))});
  }
}

void addPaces(const DesiredState& desired, const Fields& root, Configuration& out) {
  // Less is no pace: the thread would do nothing else than wake up for the next frame.
  constexpr NumberRange kPaceUs = {100, 4'294'000'000};
  if (desired.announcementPacing.size() > kMaxPaces) return root.fail("announcementPacing", "must have at most 64 entries");
  for (std::size_t i = 0; i < desired.announcementPacing.size() && !root.failed(); ++i) {
    const DesiredPace& given = desired.announcementPacing[i];
    const Fields fields = root.element("announcementPacing", i);
    vrrp::AnnouncementPace pace;
    for (std::size_t j = 0; j < given.interfaces.size() && !root.failed(); ++j) {
      pace.interfaces.push_back(fields.element("interfaces", j).interface("", given.interfaces[j]));
    }
    const std::chrono::microseconds arp(fields.number<std::int64_t>("gratuitousARPUs", given.gratuitousArpUs, kPaceUs, 0));
    const std::chrono::microseconds na(fields.number<std::int64_t>("unsolicitedNAUs", given.unsolicitedNaUs, kPaceUs, 0));
    pace.gratuitousArp = arp;
    pace.unsolicitedNa = na;
    out.paces.push_back(std::move(pace));
  }
}

}  // namespace

std::variant<Configuration, FieldProblem> validate(const DesiredState& desired) {
  std::optional<FieldProblem> problem;
  const Fields root("", problem);
  Configuration configuration;
  Uniqueness unique;
  addRouters(desired, root, unique, configuration);
  addStatic(desired, root, unique, configuration);
  addInterfaces(desired, root, configuration);
  addPaces(desired, root, configuration);
  if (problem) return *problem;
  configuration.debugUnknownRouters = desired.debugUnknownRouters;
  return configuration;
}

}  // namespace aloft::runtime
