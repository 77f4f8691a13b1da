#include "simulation/checks.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "vrrp/timing.h"

namespace aloft::vrrp::simulation {
namespace {

bool takesPart(const Node& node, const std::string& key) {
  return node.isRunning() && node.linkUp() && node.hasSource() && node.config(key) != nullptr;
}

bool preempts(const RouterConfig& config) { return config.preempt || config.priority == kOwnerPriority; }

void checkStates(World& world, const std::string& key) {
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    const Node& node = *world.nodes[i];
    if (!node.isRunning() || node.config(key) == nullptr) continue;
    const State state = node.state(key);
    const bool good = takesPart(node, key) ? state == State::Master || state == State::Backup : state == State::Fault;
    if (!good) world.fail("n" + std::to_string(i) + " is in " + name(state) + " for " + key);
    if (node.holds(key) != (state == State::Master)) {
      world.fail("n" + std::to_string(i) + (node.holds(key) ? " holds" : " lacks") + " the addresses of " + key + " in " + name(state));
    }
  }
}

void checkMaster(World& world, const std::string& key, int part) {
  const auto candidates = participants(world, key, part);
  if (candidates.empty()) return;
  const auto elected = masters(world, key, part);
  if (elected.size() != 1) {
    world.fail(std::to_string(elected.size()) + " MASTERs of " + key + " in part " + std::to_string(part));
    return;
  }
  const std::uint8_t priority = elected.front()->config(key)->priority;
  for (const Node* candidate : candidates) {
    const RouterConfig& config = *candidate->config(key);
    if (config.priority > priority && preempts(config))
      world.fail("priority " + std::to_string(config.priority) + " has not preempted " + std::to_string(priority) + " for " + key);
  }
}

}  // namespace

std::string keyOf(std::size_t election) { return "election" + std::to_string(election + 1); }

std::vector<const Node*> participants(const World& world, const std::string& key, int part) {
  std::vector<const Node*> result;
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    if (world.parts[i] == part && takesPart(*world.nodes[i], key)) result.push_back(world.nodes[i].get());
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
    for (const int part : std::set<int>(world.parts.begin(), world.parts.end())) checkMaster(world, keyOf(election), part);
  }
}

std::uint64_t disturbances(const World& world) {
  return std::accumulate(world.nodes.begin(), world.nodes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& node) { return sum + node->disturbances(); });
}

}  // namespace aloft::vrrp::simulation
