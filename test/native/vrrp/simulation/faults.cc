#include "simulation/faults.h"

#include <algorithm>

namespace aloft::vrrp::simulation {

using namespace std::chrono_literals;

namespace {

/// A fault begins now and sees to its own end, in at most `most`.
using Fault = void (*)(World& world, Node& node, Duration most);

Duration upTo(World& world, Duration most) { return world.random.between(1ms, std::max(most, Duration(2ms))); }

void loseLink(World& world, Node& node, Duration most) {
  node.setLink(false);
  world.after(upTo(world, most), [&node] { node.setLink(true); });
}

void partition(World& world, Node&, Duration most) {
  for (int& part : world.parts) part = world.random.between(0, 2);
  world.after(upTo(world, most), [&world] { std::fill(world.parts.begin(), world.parts.end(), 0); });
}

/// One direction only cannot be said with parts; heavy loss comes near it.
void loseMost(World& world, Node&, Duration most) {
  const int before = world.lossPercent;
  world.lossPercent = world.random.between(50, 90);
  world.after(upTo(world, most), [&world, before] { world.lossPercent = before; });
}

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

void restart(World& world, Node& node, Duration most) {
  node.stop(world.random.chance(30));
  const Duration ended = world.plan.actuatorDelay * 20 + 1us;
  world.after(ended + upTo(world, most), [&node] { node.start(); });
}

/// From a range of the node's own: two nodes with one address are a fault that no election cures.
void changeSource(World& world, Node& node, Duration) {
  node.setSource(static_cast<std::uint8_t>(100 + 20 * node.index() + world.random.below(20)));
}

void loseSource(World& world, Node& node, Duration most) {
  if (!node.hasSource()) return;
  const std::uint8_t before = node.source(wire::Family::IPv4).bytes[3];
  node.loseSource();
  world.after(upTo(world, most), [&node, before] { node.setSource(before); });
}

void changePriority(World& world, Node& node, Duration) {
  std::vector<RouterConfig> routers = node.routers();
  for (RouterConfig& router : routers) {
    const bool owner = router.priority == 255;
    if (!owner && world.random.chance(50)) router.priority = static_cast<std::uint8_t>(world.random.between(1, 254));
  }
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
  const std::vector<RouterConfig> before = routers;
  routers.erase(routers.begin() + static_cast<std::ptrdiff_t>(world.random.below(routers.size())));
  node.configure(std::move(routers));
  world.after(upTo(world, most), [&node, before] { node.configure(before); });
}

void stripAddresses(World& world, Node& node, Duration) { node.stripAddresses(world.random.below(world.plan.elections())); }

const std::vector<Fault> kFaults = {loseLink,   loseLink,       partition,   partition,       loseMost,      kill,
                                    kill,       losePower,      stopProcess, stopProcess,     restart,       changeSource,
                                    loseSource, changePriority, applyAgain,  removeForAWhile, stripAddresses};

}  // namespace

void scheduleFaults(World& world, Duration span) {
  world.lossPercent = world.random.chance(50) ? world.random.between(0, 30) : 0;
  world.duplicatePercent = world.random.chance(50) ? world.random.between(0, 30) : 0;
  world.reorders = world.random.chance(50);
  world.actuatorErrorPercent = world.random.chance(30) ? world.random.between(10, 60) : 0;
  const int count = world.random.between(2, 16);
  for (int i = 0; i < count; ++i) {
    const Duration begin = world.random.between(0ns, span * 2 / 3);
    world.after(begin, [&world, span] {
      Node& node = *world.nodes[world.random.below(world.nodes.size())];
      world.random.oneOf(kFaults)(world, node, span / world.random.between(3, 30));
    });
  }
}

void heal(World& world) {
  world.lossPercent = world.duplicatePercent = world.actuatorErrorPercent = 0;
  world.reorders = false;
  std::fill(world.parts.begin(), world.parts.end(), 0);
  for (const auto& node : world.nodes) {
    node->resume();
    node->start();
    node->setLink(true);
  }
}

}  // namespace aloft::vrrp::simulation
