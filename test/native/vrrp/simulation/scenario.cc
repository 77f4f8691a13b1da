#include "simulation/scenario.h"

#include <algorithm>
#include <cstdio>

#include "simulation/checks.h"
#include "simulation/faults.h"
#include "vrrp/timing.h"

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

  /// A MASTER leaves; whoever is best takes each of its elections over within the bound of the protocol.
  void depart(Departure departure) {
    if (!world_.failure().empty()) return;
    world_.runUntil(world_.now + random_.between(0ns, plan_.interval));
    const std::size_t index = random_.below(world_.nodes.size());
    Node& leaver = *world_.nodes[index];
    if (!leaver.isRunning()) return;
    struct Expectation {
      std::string key;
      TimePoint bound;
    };
    std::vector<Expectation> expectations;
    for (std::size_t election = 0; election < plan_.elections(); ++election) {
      const std::string key = keyOf(election);
      if (leaver.state(key) != State::Master) continue;
      if (const auto wait = shortestWait(leaver, key, world_.parts[index], departure)) {
        expectations.push_back({key, world_.now + plan_.mostLatency + *wait + plan_.wakeUpJitter});
      }
    }
    if (departure == Departure::Kill) {
      leaver.crash(random_.chance(50));
    } else {
      leaver.stop(false);
    }
    std::sort(expectations.begin(), expectations.end(), [](const auto& a, const auto& b) { return a.bound < b.bound; });
    for (const Expectation& expected : expectations) {
      world_.runUntil(expected.bound);
      if (world_.failure().empty() && masters(world_, expected.key, world_.parts[index]).empty()) {
        world_.fail("nobody has taken " + expected.key + " over from n" + std::to_string(index) + " in time");
      }
    }
    settle(0ns);
    leaver.start();
    settle(0ns);
  }

  /// Of the backups that would take over: Active_Down_Interval after a death, Skew_Time after a resignation.
  std::optional<Duration> shortestWait(const Node& leaver, const std::string& key, int part, Departure departure) const {
    const RouterConfig& master = *leaver.config(key);
    std::optional<Duration> shortest;
    for (const Node* node : participants(world_, key, part)) {
      if (node == &leaver) continue;
      const RouterConfig& own = *node->config(key);
      const Duration wait = departure == Departure::Stop ? skewTime(own.version, own.priority, master.advertisementInterval)
                                                         : activeDownInterval(own.version, own.priority, master.advertisementInterval);
      shortest = std::min(shortest.value_or(wait), wait);
    }
    return shortest;
  }

  Random random_;
  Plan plan_;
  World world_;
};

}  // namespace

Outcome runScenario(std::uint64_t seed, bool verbose) { return Scenario(seed, verbose).run(); }

}  // namespace aloft::vrrp::simulation
