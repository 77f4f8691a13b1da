#include "simulation/scenario.h"

#include <algorithm>
#include <cstdio>

#include "simulation/checks.h"
#include "simulation/faults.h"

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

/// How late the addresses may be without anybody noticing.
constexpr Duration kMostStarvation = 300ms;

enum class Departure { Kill, Resign, HandOver, Move };

class Scenario {
 public:
  Scenario(std::uint64_t seed, bool verbose) : random_(seed), plan_(makePlan(random_)), world_(plan_, random_, verbose) {}

  Outcome run() {
    if (world_.isVerbose()) describePlan();
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
    depart(random_.chance(50) ? Departure::Resign : Departure::HandOver);
    depart(Departure::Move);
    return {world_.failure(), world_.fingerprint()};
  }

 private:
  void describePlan() const {
    std::printf("latency %lld us, gate %d, dead-man %d, strict %d, drifts %d\n", static_cast<long long>(plan_.mostLatency / 1us),
                plan_.gate, plan_.deadMan, plan_.strict, plan_.drifts);
    for (std::size_t i = 0; i < plan_.nodes.size(); ++i) {
      for (const RouterConfig& router : plan_.nodes[i].routers) {
        std::printf("n%zu %s on %s group '%s': version %d, priority %d, %lld ms, preempt %d, down %d, %zu checks, unicast %d\n", i,
                    router.key.c_str(), router.interface.c_str(), router.group.c_str(), router.version, router.priority,
                    static_cast<long long>(router.advertisementInterval / 1ms), router.preempt, router.downTimerAdverts,
                    router.checks.size(), !router.unicastPeers.empty());
      }
    }
  }

  void startAll() {
    for (const auto& node : world_.nodes) world_.after(random_.between(0ns, 3 * plan_.interval), [&node] { node->start(); });
    world_.runUntil(world_.now + 3 * plan_.interval);
  }

  /// The LAN need not be whole to be healthy: some nodes may stay dead, some cut off, seen or unseen.
  void leaveSomeApart() {
    if (random_.chance(25)) {
      for (int& part : world_.parts[0]) part = random_.between(0, 1);
      world_.parts[1] = world_.parts[0];
    }
    if (random_.chance(25)) anyNode().crash(random_.chance(50));
    if (random_.chance(20)) anyNode().setLink(random_.below(kSegments), false);
    if (random_.chance(10)) anyNode().loseSource();
    if (random_.chance(20)) anyNode().setCheck(static_cast<CheckId>(random_.between(1, kChecks)), false);
  }

  Node& anyNode() { return *world_.nodes[random_.below(world_.nodes.size())]; }

  /// Long enough for: the delays; a MASTER of low priority whose long interval the others adopted, and whom each better one preempts
  /// after an Active_Down_Interval of its own; one who looks for a claim twice; the learning of a checksum form; an actuator that backs
  /// off.
  void settle(Duration faultSpan) {
    const Duration retry = faultSpan == 0ns ? 0ns : std::min<Duration>(10s, faultSpan + 200ms);
    const Duration delays = plan_.preemptDelay + plan_.startupDelay;
    const Duration starved = 2 * static_cast<Duration::rep>(plan_.elections()) * world_.actuatorStarvation;
    world_.runUntil(world_.now + delays + 40 * plan_.interval + 100 * plan_.actuatorDelay + starved + retry + 300ms);
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
    planMove(isSeamless(leaver, departure));
    leave(leaver, departure);
    std::sort(successions.begin(), successions.end(), [](const auto& a, const auto& b) { return a.bound < b.bound; });
    for (const Succession& succession : successions) {
      world_.runUntil(succession.bound);
      if (world_.failure().empty()) checkInTime(succession, leaver);
    }
    if (departure == Departure::HandOver) world_.runUntil(world_.now + 2 * kHandOverLimit);
    settle(0ns);
    planMove(false);
    for (const Succession& succession : successions) checkHeir(succession);
    planMove(plan_.gate && !anyDeaf());
    leaver.start();
    settle(0ns);
    planMove(false);
  }

  /// D3 holds though whoever takes over is starved.
  void planMove(bool planned) {
    world_.isPlannedMove = planned;
    world_.actuatorStarvation = planned && random_.chance(50) ? random_.between(10ms, kMostStarvation) : Duration(0);
  }

  static void leave(Node& leaver, Departure departure) {
    switch (departure) {
      case Departure::Kill:
        leaver.crash(leaver.index() % 2 == 0);
        break;
      case Departure::Resign:
        leaver.stop(Shutdown::Resign);
        break;
      case Departure::HandOver:
        leaver.stop(Shutdown::HandOver);
        break;
      case Departure::Move: {
        std::vector<RouterConfig> routers = leaver.routers();
        for (RouterConfig& router : routers) ++router.handOver;
        leaver.configure(std::move(routers));
        break;
      }
    }
  }

  /// D3: there are gates, a successor for each election, and patience enough for its Skew_Time.
  bool isSeamless(const Node& leaver, Departure departure) const {
    if (!plan_.gate || (departure != Departure::HandOver && departure != Departure::Move)) return false;
    if (plan_.interval > 1s || anyDeaf()) return false;
    for (std::size_t election = 0; election < plan_.elections(); ++election) {
      if (leaver.state(keyOf(election)) == State::Master && others(leaver, keyOf(election)).empty()) return false;
    }
    return true;
  }

  bool anyDeaf() const {
    return std::any_of(plan_.nodes.begin(), plan_.nodes.end(), [](const NodePlan& node) { return node.pseudoHeaderOnly; });
  }

  std::vector<const Node*> others(const Node& leaver, const std::string& key) const {
    auto nodes = participants(world_, key, world_.parts[0][leaver.index()]);
    std::erase(nodes, &leaver);
    return nodes;
  }

  std::vector<Succession> expectedOf(const Node& leaver, Departure departure) const {
    std::vector<Succession> successions;
    for (std::size_t election = 0; election < plan_.elections(); ++election) {
      const std::string key = keyOf(election);
      if (leaver.state(key) != State::Master || (departure == Departure::Move && isOwnersGroup(leaver, key))) continue;
      if (const auto succession = succeed(leaver, key, departure)) successions.push_back(*succession);
    }
    return successions;
  }

  /// A node takes over a group when the last of its timers has run out.
  std::optional<Succession> succeed(const Node& leaver, const std::string& key, Departure departure) const {
    const std::vector<const Node*> candidates = others(leaver, key);
    if (candidates.empty()) return std::nullopt;
    const std::vector<std::string> members = groupOf(leaver, key);
    Duration least = Duration::max();
    for (const Node* node : candidates) {
      Duration wait{};
      for (const std::string& member : members) wait = std::max(wait, waitOf(*node, member, departure));
      least = std::min(least, wait);
    }
    if (plan_.drifts) least += least / 20;
    Succession succession{key, world_.now + plan_.mostLatency + least + plan_.wakeUpJitter, nullptr, takeovers(key)};
    // A Skew_Time shorter than the latency lets the heir's first advert overtake the resignation, which then looks like the heir's.
    if (anyDeaf() || plan_.drifts || least <= plan_.mostLatency) return succession;
    const auto isFirst = [&](const Node* node) {
      return std::all_of(candidates.begin(), candidates.end(),
                         [&](const Node* other) { return other == node || isBefore(*node, *other, members, departure); });
    };
    const auto heir = std::find_if(candidates.begin(), candidates.end(), isFirst);
    if (heir != candidates.end()) succession.heir = *heir;
    return succession;
  }

  /// The address owner does not hand over while it runs.
  static bool isOwnersGroup(const Node& node, const std::string& key) {
    const auto members = groupOf(node, key);
    return std::any_of(members.begin(), members.end(), [&](const std::string& member) { return node.config(member)->priority == 255; });
  }

  static std::vector<std::string> groupOf(const Node& node, const std::string& key) {
    const std::string group = node.config(key)->group;
    if (group.empty()) return {key};
    std::vector<std::string> members;
    for (const RouterConfig& router : node.routers()) {
      if (router.group == group) members.push_back(router.key);
    }
    return members;
  }

  /// In each election by more than a network latency: the phases of their adverts differ.
  bool isBefore(const Node& node, const Node& other, const std::vector<std::string>& members, Departure departure) const {
    const Duration unsure = 2 * plan_.mostLatency + plan_.wakeUpJitter;
    return std::all_of(members.begin(), members.end(), [&](const std::string& member) {
      return waitOf(node, member, departure) + unsure < waitOf(other, member, departure);
    });
  }

  /// Worked out anew from RFC 9568 §6.1 and RFC 3768 §6.1, not with the engine's own arithmetic: Active_Down_Interval after a death,
  /// Skew_Time after a resignation.
  static Duration waitOf(const Node& node, const std::string& key, Departure departure) {
    const RouterConfig& backup = *node.config(key);
    const RouterStatus status = *node.status(key);
    const bool waitsForItsGroup = status.deadline == TimePoint::max();
    if (waitsForItsGroup && departure == Departure::Kill) return Duration(0);
    const Duration interval = status.interval;  // the MASTER's, or one's own, if its adverts are not accepted
    const double unit = backup.version == 2 ? 1e9 : static_cast<double>(interval.count());
    const Duration skew(static_cast<std::int64_t>(unit * (256 - status.priority) / 256));
    return departure == Departure::Kill ? backup.downTimerAdverts * interval + skew : skew;
  }

  void checkInTime(const Succession& succession, const Node& leaver) {
    if (!masters(world_, succession.key, world_.parts[0][leaver.index()]).empty()) return;
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
