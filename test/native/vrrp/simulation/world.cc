#include "simulation/world.h"

#include <algorithm>
#include <cstdio>

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

World::World(const Plan& thePlan, Random& theRandom, bool verbose)
    : plan(thePlan),
      random(theRandom),
      parts(kSegments, std::vector<int>(thePlan.nodes.size(), 0)),
      arrived_(thePlan.nodes.size(), std::vector<TimePoint>(thePlan.nodes.size())),
      verbose_(verbose) {
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) nodes.push_back(std::make_unique<Node>(*this, i, plan.nodes[i]));
}

World::~World() = default;

void World::joinAll() {
  for (auto& segment : parts) std::fill(segment.begin(), segment.end(), 0);
  deaf.clear();
}

bool World::isWhole() const {
  const auto isOne = [](const std::vector<int>& segment) {
    return std::all_of(segment.begin(), segment.end(), [&](int part) { return part == segment.front(); });
  };
  return deaf.empty() && std::all_of(parts.begin(), parts.end(), isOne);
}

bool World::hears(std::size_t segment, std::size_t from, std::size_t to) const {
  return nodes[from]->linkUp(segment) && nodes[to]->linkUp(segment) && parts[segment][from] == parts[segment][to] &&
         (deaf.empty() || !deaf.contains({segment, from, to}));
}

bool World::anyOtherAccepts(std::size_t node, const std::string& key) const {
  return std::any_of(nodes.begin(), nodes.end(), [&](const auto& other) { return other->index() != node && other->accepts(key); });
}

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
    if (!nodes[receiver]->takes(*shared)) continue;
    if (random.chance(lossPercent)) continue;
    deliver(sender, receiver, shared);
    if (random.chance(duplicatePercent)) deliver(sender, receiver, shared);
  }
}

/// Each copy has a latency of its own; packets overtake each other only where the LAN reorders. A cut loses what is on the way, too.
void World::deliver(std::size_t sender, std::size_t receiver, const std::shared_ptr<const Packet>& packet) {
  if (!hears(packet->segment, sender, receiver)) return;
  TimePoint& arrival = arrived_[sender][receiver];
  const TimePoint own = now + latency();
  arrival = reorders ? own : std::max(arrival, own);
  after(arrival - now, [this, sender, receiver, packet] {
    if (hears(packet->segment, sender, receiver)) nodes[receiver]->receive(packet);
  });
}

void World::claim(std::size_t sender, std::size_t segment, const std::string& key) {
  for (std::size_t receiver = 0; receiver < nodes.size(); ++receiver) {
    if (receiver == sender || random.chance(lossPercent)) continue;
    after(latency(), [this, sender, receiver, segment, key] {
      if (hears(segment, sender, receiver)) nodes[receiver]->seeClaim(sender, key);
    });
  }
}

void World::probe(std::size_t sender, std::size_t segment, const std::string& key) {
  for (std::size_t receiver = 0; receiver < nodes.size(); ++receiver) {
    if (receiver == sender || random.chance(lossPercent)) continue;
    after(latency(), [this, sender, receiver, segment, key] {
      if (!hears(segment, sender, receiver) || !nodes[receiver]->answers(key)) return;
      after(latency(), [this, sender, receiver, segment, key] {
        if (hears(segment, receiver, sender)) nodes[sender]->seeClaim(receiver, key);
      });
    });
  }
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
