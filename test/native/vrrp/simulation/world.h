#pragma once
// Virtual time, the LAN, and the nodes on it. Everything that happens is an event; equal seeds give equal histories.

#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "simulation/plan.h"
#include "vrrp/engine.h"

namespace aloft::vrrp::simulation {

class Node;

struct Packet {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::vector<std::uint8_t> message;
};

class World {
 public:
  World(const Plan& plan, Random& random, bool verbose);
  ~World();

  const Plan& plan;
  Random& random;
  TimePoint now{};
  std::vector<std::unique_ptr<Node>> nodes;

  // How the LAN behaves now.
  int lossPercent = 0;
  int duplicatePercent = 0;
  bool reorders = false;
  std::vector<int> parts;  // by node: who has the same number hears each other
  int actuatorErrorPercent = 0;

  /// Calls `action` in `delay` from now.
  void after(Duration delay, std::function<void()> action);
  /// Lets everything happen until `end`.
  void runUntil(TimePoint end);
  void send(std::size_t sender, Packet packet);

  /// A breach of what must always hold. The first one counts.
  void fail(const std::string& what);
  const std::string& failure() const { return failure_; }

  /// Feeds the fingerprint of the history, and the screen when verbose.
  void record(std::size_t node, const std::string& what);
  /// For the screen only.
  bool isVerbose() const { return verbose_; }
  std::uint64_t fingerprint() const { return fingerprint_; }
  std::string clock() const;

 private:
  struct Event {
    TimePoint at;
    std::uint64_t order;
    std::function<void()> action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };

  void deliver(std::size_t sender, std::size_t receiver, const std::shared_ptr<const Packet>& packet);
  Node* firstToWake();

  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::uint64_t order_ = 0;
  std::vector<std::vector<TimePoint>> arrived_;  // by sender and receiver: when the last packet arrives
  std::uint64_t fingerprint_ = 14695981039346656037u;
  std::string failure_;
  bool verbose_;
};

}  // namespace aloft::vrrp::simulation
