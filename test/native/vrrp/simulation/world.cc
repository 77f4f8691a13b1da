#include "simulation/world.h"

#include <cstdio>

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

World::World(const Plan& thePlan, Random& theRandom, bool verbose)
    : plan(thePlan),
      random(theRandom),
      parts(thePlan.nodes.size(), 0),
      arrived_(thePlan.nodes.size(), std::vector<TimePoint>(thePlan.nodes.size())),
      verbose_(verbose) {
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) nodes.push_back(std::make_unique<Node>(*this, i, plan.nodes[i]));
}

World::~World() = default;

void World::after(Duration delay, std::function<void()> action) { events_.push({now + delay, ++order_, std::move(action)}); }

Node* World::firstToWake() {
  Node* first = nullptr;
  for (const auto& node : nodes) {
    if (first == nullptr || node->wakeAt() < first->wakeAt()) first = node.get();
  }
  return first;
}

void World::runUntil(TimePoint end) {
  while (failure_.empty()) {
    Node* node = firstToWake();
    const TimePoint nextEvent = events_.empty() ? TimePoint::max() : events_.top().at;
    if (std::min(nextEvent, node->wakeAt()) > end) break;
    if (node->wakeAt() < nextEvent) {
      now = std::max(now, node->wakeAt());
      node->wake();
    } else {
      const std::function<void()> action = std::move(const_cast<Event&>(events_.top()).action);
      now = nextEvent;
      events_.pop();
      action();
    }
  }
  now = end;
}

void World::send(std::size_t sender, Packet packet) {
  const auto shared = std::make_shared<const Packet>(std::move(packet));
  for (std::size_t receiver = 0; receiver < nodes.size(); ++receiver) {
    if (receiver == sender && !plan.hairpin) continue;
    if (random.chance(lossPercent)) continue;
    deliver(sender, receiver, shared);
    if (random.chance(duplicatePercent)) deliver(sender, receiver, shared);
  }
}

/// Each copy has a latency of its own; packets overtake each other only where the LAN reorders. A cut loses what is on the way, too.
void World::deliver(std::size_t sender, std::size_t receiver, const std::shared_ptr<const Packet>& packet) {
  const auto connected = [this, sender, receiver] {
    return nodes[sender]->linkUp() && nodes[receiver]->linkUp() && parts[sender] == parts[receiver];
  };
  if (!connected()) return;
  TimePoint& arrival = arrived_[sender][receiver];
  const TimePoint own = now + random.between(plan.leastLatency, plan.mostLatency);
  arrival = reorders ? own : std::max(arrival, own);
  after(arrival - now, [this, receiver, packet, connected] {
    if (connected()) nodes[receiver]->receive(packet);
  });
}

void World::fail(const std::string& what) {
  if (failure_.empty()) failure_ = clock() + " " + what;
}

std::string World::clock() const {
  char text[32];
  std::snprintf(text, sizeof text, "%12.6f", std::chrono::duration<double>(now.time_since_epoch()).count());
  return text;
}

void World::record(std::size_t node, const std::string& what) {
  const std::string line = clock() + " n" + std::to_string(node) + " " + what;
  for (const char c : line) fingerprint_ = (fingerprint_ ^ static_cast<std::uint8_t>(c)) * 1099511628211u;
  if (verbose_) std::puts(line.c_str());
}

}  // namespace aloft::vrrp::simulation
