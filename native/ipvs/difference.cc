#include "ipvs/difference.h"

#include <algorithm>
#include <iterator>

#include "ipvs/sameness.h"

namespace aloft::ipvs {
namespace {

using Entry = StandingTable::Entry;

class Plan {
 public:
  explicit Plan(const Stays& stays) : stays_(stays) {}

  void reach(const Service& wanted, const Entry* standing) {
    if (standing == nullptr) {
      additions_.push_back(SetService{true, wanted.key, wanted.settings});
    } else if (!isAsWanted(wanted.settings, standing->settings)) {
      settings_.push_back(SetService{false, wanted.key, wanted.settings});
    }
    std::size_t kept = 0;
    for (const wire::IpvsDestination& destination : wanted.destinations) {
      const StandingDestination* has = standing == nullptr ? nullptr : find(*standing, destination.key);
      reach(wanted.key, destination, has);
      kept += has == nullptr ? 0 : 1;
    }
    if (standing != nullptr && kept < standing->destinations.size()) dismiss(wanted, *standing);
  }

  void remove(const wire::IpvsServiceKey& service) { serviceRemovals_.push_back(RemoveService{service}); }

  void reach(const Table& wanted, const std::vector<wire::IpvsDaemon>& standing) {
    for (const wire::IpvsDaemon& daemon : standing) {
      if (!isAmong(wanted.daemons, [&](const auto& each) { return isAsWanted(each, daemon); })) daemons_.push_back(StopDaemon{daemon});
    }
    for (const wire::IpvsDaemon& daemon : wanted.daemons) {
      if (!isAmong(standing, [&](const auto& each) { return isAsWanted(daemon, each); })) daemons_.push_back(StartDaemon{daemon});
    }
  }

  void reach(const wire::IpvsTimeouts& wanted, const wire::IpvsTimeouts& standing) {
    if (!isAsWanted(wanted, standing)) settings_.push_back(SetTimeouts{wanted});
  }

  std::vector<Operation> take() {
    for (auto* part : {&additions_, &raises_, &edits_, &removals_, &serviceRemovals_, &daemons_}) {
      std::move(part->begin(), part->end(), std::back_inserter(settings_));
    }
    return std::move(settings_);
  }

 private:
  template <class Values, class Condition>
  static bool isAmong(const Values& values, const Condition& condition) {
    return std::any_of(values.begin(), values.end(), condition);
  }

  static const StandingDestination* find(const Entry& entry, const wire::IpvsDestinationKey& key) {
    const auto found = entry.destinations.find(key);
    return found == entry.destinations.end() ? nullptr : &found->second;
  }

  void reach(const wire::IpvsServiceKey& service, const wire::IpvsDestination& wanted, const StandingDestination* standing) {
    if (standing == nullptr) {
      additions_.push_back(SetDestination{true, service, wanted});
    } else if (!isAsWanted(wanted, standing->destination)) {
      auto& edits = wanted.weight > standing->destination.weight ? raises_ : edits_;
      edits.push_back(SetDestination{false, service, wanted});
    }
  }

  /// Destinations that nobody wants.
  void dismiss(const Service& wanted, const Entry& standing) {
    std::vector<wire::IpvsDestinationKey> keys;
    for (const wire::IpvsDestination& destination : wanted.destinations) keys.push_back(destination.key);
    std::sort(keys.begin(), keys.end());
    for (const auto& [key, destination] : standing.destinations) {
      if (std::binary_search(keys.begin(), keys.end(), key)) continue;
      if (!stays_(wanted, destination)) {
        removals_.push_back(RemoveDestination{wanted.key, key});
      } else if (destination.destination.weight != 0) {
        wire::IpvsDestination quiet = destination.destination;
        quiet.weight = 0;
        edits_.push_back(SetDestination{false, wanted.key, quiet});
      }
    }
  }

  const Stays& stays_;
  std::vector<Operation> settings_, additions_, raises_, edits_, removals_, serviceRemovals_, daemons_;
};

}  // namespace

std::vector<Operation> difference(const Table& desired, const StandingTable& standing, const ServiceKeys& ours, const Stays& stays) {
  Plan plan(stays);
  std::vector<wire::IpvsServiceKey> wanted;
  for (const Service& service : desired.services) {
    plan.reach(service, standing.find(service.key));
    wanted.push_back(service.key);
  }
  std::sort(wanted.begin(), wanted.end());
  for (const wire::IpvsServiceKey& key : ours) {
    if (standing.find(key) != nullptr && !std::binary_search(wanted.begin(), wanted.end(), key)) plan.remove(key);
  }
  if (desired.managesDaemons) plan.reach(desired, standing.daemons());
  plan.reach(desired.timeouts, standing.timeouts());
  return plan.take();
}

}  // namespace aloft::ipvs
