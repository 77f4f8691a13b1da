#include "simulation/checks.h"

#include <algorithm>
#include <numeric>

#include "vrrp/timing.h"

namespace aloft::vrrp::simulation {
namespace {

/// Worked out from the plan, not asked of the engine: carrier, source address, checks of weight 0.
bool isWell(const Node& node, const RouterConfig& config) {
  if (!node.linkUp(config.interface == interfaceOf(0) ? 0 : 1) || !node.hasSource()) return false;
  return std::none_of(config.checks.begin(), config.checks.end(),
                      [&](const TrackedCheck& tracked) { return tracked.weight == 0 && !node.checkIsUp(tracked.check); });
}

bool takesPart(const Node& node, const std::string& key) {
  const RouterConfig* config = node.config(key);
  if (!node.isRunning() || config == nullptr) return false;
  if (config->group.empty()) return isWell(node, *config);
  return std::all_of(node.routers().begin(), node.routers().end(),
                     [&](const RouterConfig& member) { return member.group != config->group || isWell(node, member); });
}

bool preempts(const Node& node, const std::string& key) {
  const RouterConfig& config = *node.config(key);
  if (config.priority == kOwnerPriority) return true;
  return config.preempt && !node.hasYielded(key);
}

std::uint8_t priorityOf(const Node& node, const std::string& key) { return node.status(key)->priority; }

void checkStates(World& world, const std::string& key) {
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    const Node& node = *world.nodes[i];
    if (!node.isRunning() || node.config(key) == nullptr) continue;
    const std::string called = "n" + std::to_string(i);
    const State state = node.state(key);
    const bool good = takesPart(node, key) ? state == State::Master || state == State::Backup : state == State::Fault;
    if (!good) world.fail(called + " is in " + name(state) + " for " + key);
    if (node.holds(key) != (state == State::Master))
      world.fail(called + (node.holds(key) ? " holds" : " lacks") + " the addresses of " + key + " in " + name(state));
    if (world.plan.gate && node.gateIsOpen(key) != (state == State::Master))
      world.fail(called + (node.gateIsOpen(key) ? " answers" : " does not answer") + " for " + key + " in " + name(state));
    if (state == State::Master && !node.accepts(key)) world.fail(called + " refuses the traffic of " + key);
  }
}

/// Of a group the better one in all elections only.
bool hasBetterClaim(const Node& candidate, const Node& master, const std::string& key) {
  const RouterConfig& config = *candidate.config(key);
  const auto isBetterIn = [&](const std::string& election) {
    return priorityOf(candidate, election) > priorityOf(master, election) && preempts(candidate, election);
  };
  if (config.group.empty()) return isBetterIn(key);
  return std::all_of(candidate.routers().begin(), candidate.routers().end(),
                     [&](const RouterConfig& member) { return member.group != config.group || isBetterIn(member.key); });
}

void checkMaster(World& world, const std::string& key, int part) {
  const auto candidates = participants(world, key, part);
  if (candidates.empty()) return;
  const auto elected = masters(world, key, part);
  if (elected.size() != 1) {
    world.fail(std::to_string(elected.size()) + " MASTERs of " + key + " in part " + std::to_string(part));
    return;
  }
  for (const Node* candidate : candidates) {
    if (hasBetterClaim(*candidate, *elected.front(), key))
      world.fail("n" + std::to_string(candidate->index()) + " has not preempted n" + std::to_string(elected.front()->index()) + " for " +
                 key);
  }
}

}  // namespace

std::string keyOf(std::size_t election) { return "election" + std::to_string(election + 1); }

std::vector<const Node*> participants(const World& world, const std::string& key, int part) {
  std::vector<const Node*> result;
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    if (world.parts[0][i] == part && takesPart(*world.nodes[i], key)) result.push_back(world.nodes[i].get());
  }
  return result;
}

std::vector<const Node*> masters(const World& world, const std::string& key, int part) {
  std::vector<const Node*> result = participants(world, key, part);
  std::erase_if(result, [&key](const Node* node) { return node->state(key) != State::Master; });
  return result;
}

void checkSettled(World& world) {
  for (std::size_t election = 0; election < world.plan.elections(); ++election) {
    checkStates(world, keyOf(election));
    for (const int part : std::set<int>(world.parts[0].begin(), world.parts[0].end())) checkMaster(world, keyOf(election), part);
  }
}

std::uint64_t disturbances(const World& world) {
  return std::accumulate(world.nodes.begin(), world.nodes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& node) { return sum + node->disturbances(); });
}

}  // namespace aloft::vrrp::simulation
