#include "simulation/faults.h"

#include <algorithm>

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

/// A fault begins now and sees to its own end, in at most `most`.
using Fault = void (*)(World& world, Node& node, Duration most);

Duration upTo(World& world, Duration most) { return world.random.between(1ms, std::max(most, Duration(2ms))); }

// ----- The LAN -----

void loseLink(World& world, Node& node, Duration most) {
  const std::size_t segment = world.random.below(kSegments);
  node.setLink(segment, false);
  world.after(upTo(world, most), [&node, segment] { node.setLink(segment, true); });
}

void partition(World& world, Node&, Duration most) {
  const bool both = world.random.chance(50);
  const std::size_t segment = world.random.below(kSegments);
  for (int& part : world.parts[segment]) part = world.random.between(0, 2);
  if (both) world.parts[1 - segment] = world.parts[segment];
  world.after(upTo(world, most), [&world] { world.joinAll(); });
}

void deafen(World& world, Node& node, Duration most) {
  const std::size_t segment = world.random.below(kSegments);
  const bool all = world.random.chance(50);
  for (std::size_t from = 0; from < world.nodes.size(); ++from) {
    if (from != node.index() && (all || world.random.chance(50))) world.deaf.emplace(segment, from, node.index());
  }
  world.after(upTo(world, most), [&world] { world.deaf.clear(); });
}

void loseMost(World& world, Node&, Duration most) {
  const int before = world.lossPercent;
  world.lossPercent = world.random.between(50, 90);
  world.after(upTo(world, most), [&world, before] { world.lossPercent = before; });
}

void delay(World& world, Node&, Duration most) {
  world.delayFactor = world.random.between(5, 40);
  world.after(upTo(world, most), [&world] { world.delayFactor = 1; });
}

// ----- Processes -----

void kill(World& world, Node& node, Duration most) {
  node.crash(true);
  world.after(upTo(world, most), [&node] { node.start(); });
}

void losePower(World& world, Node& node, Duration most) {
  node.crash(false);
  world.after(upTo(world, most), [&node] { node.start(); });
}

void stopProcess(World& world, Node& node, Duration most) {
  node.pause();
  world.after(upTo(world, most), [&node] { node.resume(); });
}

/// Wherever it is in its work at the next occasion.
void stopProcessAmid(World& world, Node& node, Duration most) {
  node.pauseAmidEffects();
  world.after(upTo(world, most), [&node] { node.resume(); });
}

/// The scheduler leaves it a moment now and then.
void starve(World& world, Node& node, Duration most) {
  Duration at{};
  while (at < most) {
    const Duration gap = world.random.between(1ms, 3 * world.plan.interval);
    world.after(at, [&node] { node.pause(); });
    world.after(at + gap, [&node] { node.resume(); });
    at += gap + world.random.between(10us, world.plan.interval / 2);
  }
}

void restart(World& world, Node& node, Duration most) {
  node.stop(world.random.oneOf(std::vector<Shutdown>{Shutdown::HandOver, Shutdown::HandOver, Shutdown::Resign, Shutdown::Keep}));
  const Duration ended = world.plan.actuatorDelay * 60 + kHandOverLimit;
  world.after(ended + upTo(world, most), [&world, &node] {
    if (world.isHurting) node.start();
  });
}

// ----- The host -----

/// From a range of the node's own: two nodes with one address are a fault that no election cures. Unicast peers would not know it.
void changeSource(World& world, Node& node, Duration) {
  if (!world.plan.unicast) node.setSource(static_cast<std::uint8_t>(100 + 20 * node.index() + world.random.below(20)));
}

void loseSource(World& world, Node& node, Duration most) {
  if (!node.hasSource()) return;
  node.loseSource();
  world.after(upTo(world, most), [&node] { node.restoreSource(); });
}

void failCheck(World& world, Node& node, Duration most) {
  const auto check = static_cast<CheckId>(world.random.between(1, kChecks));
  node.setCheck(check, false);
  world.after(upTo(world, most), [&node, check] { node.setCheck(check, true); });
}

void stripAddresses(World& world, Node& node, Duration) {
  node.stripAddresses(world.random.oneOf(world.plan.nodes[node.index()].routers).key);
}

// ----- The configuration -----

/// As planned, but for what may stay changed.
void restoreConfiguration(World& world, Node& node) {
  std::vector<RouterConfig> routers = world.plan.nodes[node.index()].routers;
  for (RouterConfig& router : routers) {
    const auto now = std::find_if(node.routers().begin(), node.routers().end(), [&](const RouterConfig& c) { return c.key == router.key; });
    if (now == node.routers().end()) continue;
    router.priority = now->priority;
    router.handOver = now->handOver;
  }
  node.configure(std::move(routers));
}

void changePriority(World& world, Node& node, Duration) {
  std::vector<RouterConfig> routers = node.routers();
  for (RouterConfig& router : routers) {
    const bool owner = router.priority == 255;
    if (!owner && world.random.chance(50)) router.priority = static_cast<std::uint8_t>(world.random.between(1, 254));
  }
  node.configure(std::move(routers));
}

void handOver(World& world, Node& node, Duration) {
  std::vector<RouterConfig> routers = node.routers();
  for (RouterConfig& router : routers) router.handOver += world.random.chance(70) ? 1 : 0;
  node.configure(std::move(routers));
}

void applyAgain(World& world, Node& node, Duration) {
  const std::uint64_t before = node.disturbances();
  node.configure(node.routers());
  // What lags behind may show up now, but nothing that configure() itself caused.
  if (node.isRunning() && world.lossPercent == 0 && node.disturbances() > before + node.routers().size() * 2)
    world.fail("applying the same again is not idle");
}

void removeForAWhile(World& world, Node& node, Duration most) {
  std::vector<RouterConfig> routers = node.routers();
  if (routers.size() < world.plan.elections()) return;  // already without one
  routers.erase(routers.begin() + static_cast<std::ptrdiff_t>(world.random.below(routers.size())));
  node.configure(std::move(routers));
  world.after(upTo(world, most), [&world, &node] { restoreConfiguration(world, node); });
}

void regroupForAWhile(World& world, Node& node, Duration most) {
  std::vector<RouterConfig> routers = node.routers();
  for (RouterConfig& router : routers) router.group.assign(world.random.chance(50) ? 1 : 0, 'g');
  node.configure(std::move(routers));
  world.after(upTo(world, most), [&world, &node] { restoreConfiguration(world, node); });
}

/// Those after which two gates are still never open at one time, if nothing is lost.
const std::vector<Fault> kNodeFaults = {
    kill,      kill,      losePower,  stopProcess,  stopProcess,    stopProcessAmid, stopProcessAmid, starve,   restart,  restart,
    failCheck, failCheck, loseSource, changeSource, stripAddresses, changePriority,  changePriority,  handOver, handOver, applyAgain};

const std::vector<Fault> kAllFaults = [] {
  std::vector<Fault> faults = kNodeFaults;
  faults.insert(faults.end(),
                {loseLink, loseLink, partition, partition, deafen, deafen, loseMost, delay, removeForAWhile, regroupForAWhile});
  return faults;
}();

}  // namespace

void scheduleFaults(World& world, Duration span) {
  const bool strict = world.plan.strict;
  world.isHurting = true;
  world.lossPercent = !strict && world.random.chance(50) ? world.random.between(0, 30) : 0;
  world.duplicatePercent = world.random.chance(50) ? world.random.between(0, 30) : 0;
  world.reorders = !strict && world.random.chance(50);
  world.actuatorErrorPercent = world.random.chance(30) ? world.random.between(10, 60) : 0;
  const int count = world.random.between(2, 16);
  for (int i = 0; i < count; ++i) {
    const Duration begin = world.random.between(0ns, span * 2 / 3);
    world.after(begin, [&world, span, strict] {
      Node& node = *world.nodes[world.random.below(world.nodes.size())];
      world.random.oneOf(strict ? kNodeFaults : kAllFaults)(world, node, span / world.random.between(3, 30));
    });
  }
}

void heal(World& world) {
  world.isHurting = false;
  world.lossPercent = world.duplicatePercent = world.actuatorErrorPercent = 0;
  world.delayFactor = 1;
  world.reorders = false;
  world.joinAll();
  for (const auto& node : world.nodes) {
    node->resume();
    if (node->isStopping()) node->crash(true);
    node->start();
    restoreConfiguration(world, *node);
    for (std::size_t segment = 0; segment < kSegments; ++segment) node->setLink(segment, true);
    for (CheckId check = 1; check <= kChecks; ++check) node->setCheck(check, true);
  }
}

}  // namespace aloft::vrrp::simulation
