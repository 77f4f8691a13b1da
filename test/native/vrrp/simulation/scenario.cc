#include "simulation/scenario.h"

#include <algorithm>
#include <cstdio>

#include "simulation/checks.h"
#include "simulation/faults.h"

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

enum class Departure { Kill, Stop };

class Scenario {
 public:
  Scenario(std::uint64_t seed, bool verbose) : random_(seed), plan_(makePlan(random_)), world_(plan_, random_, verbose) {}

  Outcome run() {
    startAll();
    settle(0ns);
    const Duration span = plan_.interval * random_.between(10, 60);
    scheduleFaults(world_, span);
    world_.runUntil(world_.now + span + 40 * plan_.actuatorDelay + 5ms);
    heal(world_);
    leaveSomeApart();
    settle(2 * span);
    stayCalm();
    depart(Departure::Kill);
    depart(Departure::Stop);
    return {world_.failure(), world_.fingerprint()};
  }

 private:
  void startAll() {
    for (const auto& node : world_.nodes) world_.after(random_.between(0ns, 3 * plan_.interval), [&node] { node->start(); });
    world_.runUntil(world_.now + 3 * plan_.interval);
  }

  /// The LAN need not be whole to be healthy: some nodes may stay dead, some cut off, seen or unseen.
  void leaveSomeApart() {
    if (random_.chance(25)) {
      for (int& part : world_.parts) part = random_.between(0, 1);
    }
    if (random_.chance(25)) anyNode().crash(random_.chance(50));
    if (random_.chance(20)) anyNode().setLink(false);
    if (random_.chance(10)) anyNode().loseSource();
  }

  Node& anyNode() { return *world_.nodes[random_.below(world_.nodes.size())]; }

  /// Long enough for: a preemptDelay; a MASTER of low priority whose long interval the others adopted, and whom each better one preempts
  /// after an Active_Down_Interval of its own; the learning of a checksum form; an actuator that backs off after failures.
  void settle(Duration faultSpan) {
    const Duration retry = faultSpan == 0ns ? 0ns : std::min<Duration>(10s, faultSpan + 200ms);
    world_.runUntil(world_.now + plan_.preemptDelay + 20 * plan_.interval + 100 * plan_.actuatorDelay + retry + 200ms);
    if (world_.failure().empty()) checkSettled(world_);
  }

  void stayCalm() {
    const std::uint64_t before = disturbances(world_);
    world_.runUntil(world_.now + 20 * plan_.interval);
    if (world_.failure().empty() && disturbances(world_) != before) world_.fail("a healthy LAN is not calm");
  }

  /// What must come of one election when its MASTER leaves.
  struct Succession {
    std::string key;
    TimePoint bound;              ///< by when somebody is MASTER
    const Node* heir = nullptr;   ///< the one, if nobody else's timer is close
    std::uint64_t takeovers = 0;  ///< before
  };

  void depart(Departure departure) {
    if (!world_.failure().empty()) return;
    world_.runUntil(world_.now + random_.between(0ns, plan_.interval));
    Node& leaver = anyNode();
    if (!leaver.isRunning()) return;
    std::vector<Succession> successions = expectedOf(leaver, departure);
    if (departure == Departure::Kill) {
      leaver.crash(random_.chance(50));
    } else {
      leaver.stop(false);
    }
    std::sort(successions.begin(), successions.end(), [](const auto& a, const auto& b) { return a.bound < b.bound; });
    for (const Succession& succession : successions) {
      world_.runUntil(succession.bound);
      if (world_.failure().empty()) checkInTime(succession, leaver);
    }
    settle(0ns);
    for (const Succession& succession : successions) checkHeir(succession);
    leaver.start();
    settle(0ns);
  }

  std::vector<Succession> expectedOf(const Node& leaver, Departure departure) const {
    std::vector<Succession> successions;
    for (std::size_t election = 0; election < plan_.elections(); ++election) {
      const std::string key = keyOf(election);
      if (leaver.state(key) != State::Master) continue;
      if (const auto succession = succeed(leaver, key, departure)) successions.push_back(*succession);
    }
    return successions;
  }

  std::optional<Succession> succeed(const Node& leaver, const std::string& key, Departure departure) const {
    std::vector<std::pair<Duration, const Node*>> waits;
    bool deaf = false;  // one that may not understand its new MASTER's first advert
    for (const Node* node : participants(world_, key, world_.parts[leaver.index()])) {
      if (node == &leaver) continue;
      waits.emplace_back(waitOf(*node->config(key), leaver.config(key)->advertisementInterval, departure), node);
      deaf = deaf || plan_.nodes[node->index()].pseudoHeaderOnly;
    }
    if (waits.empty()) return std::nullopt;
    std::sort(waits.begin(), waits.end());
    Succession succession{key, world_.now + plan_.mostLatency + waits[0].first + plan_.wakeUpJitter, nullptr, takeovers(key)};
    const Duration unsure = 2 * plan_.mostLatency + plan_.wakeUpJitter;
    // A Skew_Time shorter than the latency lets the heir's first advert overtake the resignation, which then looks like the heir's.
    const bool inOrder = waits[0].first > plan_.mostLatency;
    if (!deaf && inOrder && (waits.size() == 1 || waits[1].first > waits[0].first + unsure)) succession.heir = waits[0].second;
    return succession;
  }

  /// Worked out anew from RFC 9568 §6.1 and RFC 3768 §6.1, not with the engine's own arithmetic: Active_Down_Interval after a death,
  /// Skew_Time after a resignation.
  static Duration waitOf(const RouterConfig& backup, Duration mastersInterval, Departure departure) {
    const double unit = backup.version == 2 ? 1e9 : static_cast<double>(mastersInterval.count());
    const Duration skew(static_cast<std::int64_t>(unit * (256 - backup.priority) / 256));
    return departure == Departure::Stop ? skew : 3 * mastersInterval + skew;
  }

  void checkInTime(const Succession& succession, const Node& leaver) {
    if (!masters(world_, succession.key, world_.parts[leaver.index()]).empty()) return;
    world_.fail("nobody has taken " + succession.key + " over from n" + std::to_string(leaver.index()) + " in time");
  }

  void checkHeir(const Succession& succession) {
    if (!world_.failure().empty() || succession.heir == nullptr) return;
    const std::uint64_t count = takeovers(succession.key) - succession.takeovers;
    if (count != 1) world_.fail(std::to_string(count) + " takeovers of " + succession.key + " where one was due");
    if (succession.heir->state(succession.key) == State::Master) return;
    world_.fail("n" + std::to_string(succession.heir->index()) + " should have taken " + succession.key + " over");
  }

  std::uint64_t takeovers(const std::string& key) const {
    std::uint64_t sum = 0;
    for (const auto& node : world_.nodes) sum += node->takeovers(key);
    return sum;
  }

  Random random_;
  Plan plan_;
  World world_;
};

}  // namespace

Outcome runScenario(std::uint64_t seed, bool verbose) { return Scenario(seed, verbose).run(); }

}  // namespace aloft::vrrp::simulation
