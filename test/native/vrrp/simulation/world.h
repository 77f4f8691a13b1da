#pragma once
// Virtual time, the two LANs, and the nodes on them. Everything that happens is an event; equal seeds give equal histories.

#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "simulation/plan.h"
#include "vrrp/engine.h"

namespace aloft::vrrp::simulation {

class Node;

struct Packet {
  std::size_t segment = 0;
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

  // How the LANs behave now.
  int lossPercent = 0;
  int duplicatePercent = 0;
  int delayFactor = 1;
  bool reorders = false;
  /// By segment and node: who has the same number hears each other.
  std::vector<std::vector<int>> parts;
  /// (segment, from, to): the second does not hear the first.
  std::set<std::tuple<std::size_t, std::size_t, std::size_t>> deaf;
  int actuatorErrorPercent = 0;
  /// Between scheduleFaults() and heal().
  bool isHurting = false;
  /// D3 holds now.
  bool isPlannedMove = false;
  /// Most that the kernel, or the scheduler, adds to each request for addresses.
  Duration actuatorStarvation{};

  void joinAll();
  bool isWhole() const;
  bool hears(std::size_t segment, std::size_t from, std::size_t to) const;

  bool anyOtherAccepts(std::size_t node, const std::string& key) const;

  /// Calls `action` in `delay` from now.
  void after(Duration delay, std::function<void()> action);
  /// Lets everything happen until `end`.
  void runUntil(TimePoint end);
  void send(std::size_t sender, Packet packet);
  /// What neighbours see of a claim by ARP or ND: all that hear the node are told, a latency later.
  void claim(std::size_t sender, std::size_t segment, const std::string& key);

  /// Asks all that hear the node for the addresses of an election; who answers for them claims them.
  void probe(std::size_t sender, std::size_t segment, const std::string& key);

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

  Duration latency() { return random.between(plan.leastLatency, plan.mostLatency) * delayFactor; }
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
