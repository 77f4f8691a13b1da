// The vrrp thread never allocates: after prepare() no input and no output may.

#include <cstdio>
#include <cstdlib>
#include <new>

#include "support/bench.h"

namespace {
thread_local std::size_t allocations = 0;
}

// The replaced operators of this test program count; the memory is malloc's.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace aloft::vrrp {
namespace {

std::vector<RouterConfig> manyRouters(std::uint8_t count, std::uint8_t priority) {
  std::vector<RouterConfig> configs;
  for (std::uint8_t vrid = 1; vrid <= count; ++vrid) {
    RouterConfig config = vrid % 3 == 0 ? ipv6Config() : vrid % 3 == 1 ? routerConfig() : version2Config();
    config.key = "r" + std::to_string(vrid);
    config.virtualRouterId = vrid;
    config.priority = priority;
    configs.push_back(std::move(config));
  }
  return configs;
}

class Quiet {
 public:
  explicit Quiet(Bench& bench) : bench_(bench) {}

  /// Polls all effects and does with each what the runtime would.
  void drain() {
    Effect effect;
    while (bench_.engine.pollEffect(effect)) {
      if (effect.kind == Effect::Kind::SendAdvert) bytes_ += bench_.engine.advert(effect.router, effect.priority).message.size();
      if (effect.kind == Effect::Kind::AnnounceAddresses) bytes_ += bench_.engine.announcements(effect.router);
    }
  }

  void runTimers(int count) {
    for (int i = 0; i < count && bench_.engine.nextDeadline(); ++i) {
      bench_.now = std::max(bench_.now, *bench_.engine.nextDeadline());
      bench_.engine.handleTimeout(bench_.now);
      drain();
    }
  }

  void answerAll(bool held, int error) {
    for (std::size_t i = 0; i < bench_.engine.size(); ++i) {
      bench_.engine.handleActuated({bench_.engine.status(i).id, held, error}, bench_.now);
      drain();
    }
  }

  std::size_t bytes_ = 0;

 private:
  Bench& bench_;
};

TEST(Allocation, NoInputAndNoOutputAllocates) {
  Bench bench;
  auto first = Engine::prepare(manyRouters(90, 100), bench.ids);
  auto second = Engine::prepare(manyRouters(60, 120), bench.ids);
  std::vector<std::vector<std::uint8_t>> adverts;
  for (std::uint8_t vrid = 1; vrid <= 90; ++vrid) {
    for (const std::uint8_t priority : {0, 50, 200}) {
      adverts.push_back(encode({.virtualRouterId = vrid, .priority = priority, .checksum = wire::ChecksumForm::WithPseudoHeader}));
    }
  }
  adverts.push_back({1, 2, 3});
  LinkState down = bench.link;
  down.up = false;
  ReceivedAdvert received{2, address("192.0.2.20"), address("224.0.0.18"), 255, {}};
  Quiet quiet(bench);

  const std::size_t before = allocations;
  const auto none = bench.engine.configure(std::move(first), bench.now);
  quiet.drain();
  quiet.runTimers(500);
  quiet.answerAll(false, 1);
  quiet.answerAll(true, 0);
  quiet.runTimers(500);
  for (const auto& message : adverts) {
    received.message = message;
    bench.engine.handleAdvert(received, bench.now);
    quiet.drain();
  }
  bench.engine.handleLink(down, bench.now);
  quiet.drain();
  bench.engine.handleLink(bench.link, bench.now);
  quiet.drain();
  const auto old = bench.engine.configure(std::move(second), bench.now);
  quiet.drain();
  quiet.runTimers(500);
  bench.engine.handleLinkRemoved(2, bench.now);
  quiet.drain();
  bench.engine.shutdown(Shutdown::Resign, bench.now);
  quiet.drain();
  const std::size_t after = allocations;

  EXPECT_EQ(after - before, 0u);
  EXPECT_GT(quiet.bytes_, 10'000u) << "the inputs reached what they should exercise";
}

TEST(Allocation, TheCounterCounts) {
  const std::size_t before = allocations;
  const auto memory = std::make_unique<std::vector<int>>(1000);
  EXPECT_EQ(allocations - before, 2u);
  EXPECT_EQ(memory->size(), 1000u);
}

}  // namespace
}  // namespace aloft::vrrp
