// The thread with a kernel in memory, in real time: its mailbox, its answers, its end. What it decides is tested in test/native/ipvs.
#include "runtime/ipvsThread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "ipvs/describe.h"
#include "support/make.h"
#include "support/modelKernel.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using ipvs::server;
using ipvs::service;
using ipvs::table;
using ipvs::tcp;

const wire::IpvsServiceKey kWeb = tcp("192.0.2.10");

/// A kernel that several clients reach, one after the other, and that may have no IPVS.
struct FakeKernel {
  std::mutex lock;
  ipvs::ModelKernel model;
  int missing = 0;         ///< the errno of open(): no IPVS
  bool broken = false;     ///< the next request breaks the connection
  int dumps = 0;
  std::atomic<int> opened = 0;

  bool has(const wire::IpvsServiceKey& key) {
    const std::lock_guard guard(lock);
    return model.service(key) != nullptr;
  }
  std::size_t requests() {
    const std::lock_guard guard(lock);
    return model.requests_.size();
  }
};

class FakeClient final : public kernel::IpvsClient {
 public:
  explicit FakeClient(FakeKernel& kernel) : kernel_(kernel) {}

  os::Result<std::vector<ipvs::StandingService>> dump() override {
    const std::lock_guard guard(kernel_.lock);
    ++kernel_.dumps;
    return kernel_.model.dump().services;
  }
  os::Result<std::vector<ipvs::StandingService>> glance() override {
    const std::lock_guard guard(kernel_.lock);
    return kernel_.model.glance();
  }
  os::Result<std::vector<wire::IpvsDaemon>> daemons() override { return kernel_.model.daemons_; }
  os::Result<wire::IpvsTimeouts> timeouts() override { return kernel_.model.timeouts_; }
  os::Status carryOut(std::span<const ipvs::Operation> operations, std::span<kernel::IpvsOutcome> outcomes) override {
    const std::lock_guard guard(kernel_.lock);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (std::exchange(kernel_.broken, false)) return os::Error{"receive from netlink", ENOBUFS};
      outcomes[i] = kernel_.model.carryOut(operations[i]);
    }
    return {};
  }

 private:
  FakeKernel& kernel_;
};

bool within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

class IpvsThreadTest : public testing::Test {
 protected:
  void start(ipvs::ServiceKeys owned = {}) {
    auto started = IpvsThread::start({std::move(owned),
                                      [this]() -> os::Result<std::unique_ptr<kernel::IpvsClient>> {
                                        ++kernel_.opened;
                                        if (kernel_.missing != 0) return os::Error{"find IPVS in the kernel", kernel_.missing};
                                        return std::unique_ptr<kernel::IpvsClient>(std::make_unique<FakeClient>(kernel_));
                                      },
                                      [this] { ++notified_; }});
    ASSERT_TRUE(started.ok());
    thread_ = std::move(started.value());
  }
  /// Waits for an event of that kind.
  bool await(ipvs::Event::Kind kind) {
    return within(5s, [&] {
      for (IpvsEvent& event : thread_->takeEvents()) events_.push_back(std::move(event));
      return std::any_of(events_.begin(), events_.end(), [&](const IpvsEvent& event) { return event.event.kind == kind; });
    });
  }

  FakeKernel kernel_;
  std::atomic<int> notified_ = 0;
  std::vector<IpvsEvent> events_;
  std::unique_ptr<IpvsThread> thread_;
};

ipvs::Table web() { return table({service(kWeb, {server("10.0.0.1"), server("10.0.0.2")})}); }

TEST_F(IpvsThreadTest, ProgramsAndTells) {
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  EXPECT_TRUE(events_.front().event.programmed);
  EXPECT_GT(notified_, 0);
  const IpvsSnapshot snapshot = thread_->snapshot();
  EXPECT_TRUE(snapshot.programmed);
  EXPECT_EQ(snapshot.message, "");
  ASSERT_EQ(snapshot.services.size(), 1u);
  EXPECT_EQ(snapshot.services[0].key, kWeb);
  EXPECT_TRUE(snapshot.services[0].ours);
  EXPECT_EQ(snapshot.services[0].destinations.size(), 2u);
}

TEST_F(IpvsThreadTest, TouchesNothingBeforeItIsToldWhatIsWanted) {
  const auto old = tcp("192.0.2.99");
  kernel_.model.carryOut(ipvs::SetService{true, old, web().services[0].settings});
  start({old});
  EXPECT_EQ(thread_->snapshot().services.size(), 1u);
  EXPECT_TRUE(kernel_.has(old));
  ASSERT_TRUE(thread_->apply(web()).ok());
  EXPECT_TRUE(within(5s, [&] { return kernel_.has(kWeb) && !kernel_.has(old); }));
}

TEST_F(IpvsThreadTest, ASnapshotIsReadFromTheKernelAndShowsOthersToo) {
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  {
    const std::lock_guard guard(kernel_.lock);
    kernel_.model.carryOut(ipvs::SetService{true, tcp("203.0.113.1"), web().services[0].settings});
    kernel_.model.destination(kWeb, server("10.0.0.1").key)->active = 17;
  }
  const IpvsSnapshot snapshot = thread_->snapshot();
  ASSERT_EQ(snapshot.services.size(), 2u);
  EXPECT_EQ(snapshot.services[0].destinations[0].standing.activeConnections, 17u);
  EXPECT_FALSE(snapshot.services[1].ours);
}

TEST_F(IpvsThreadTest, ManyMayAskForASnapshotAtOnce) {
  start();
  std::atomic<int> answers = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&] {
      for (int n = 0; n < 20; ++n) answers += thread_->snapshot().message.empty() ? 1 : 0;
    });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(answers, 160);
}

TEST_F(IpvsThreadTest, WithoutIpvsItSaysSoAndTriesAgain) {
  kernel_.missing = ENOENT;
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  EXPECT_FALSE(events_.front().event.programmed);
  const IpvsSnapshot snapshot = thread_->snapshot();
  EXPECT_FALSE(snapshot.programmed);
  EXPECT_EQ(snapshot.message, "find IPVS in the kernel: No such file or directory (the kernel has no IPVS: module ip_vs)");
  EXPECT_TRUE(snapshot.services.empty());
  kernel_.missing = 0;
  ASSERT_TRUE(thread_->apply(web()).ok()) << "a new state does not wait for the next attempt";
  EXPECT_TRUE(within(2s, [&] { return kernel_.has(kWeb); }));
  EXPECT_EQ(thread_->snapshot().message, "");
}

TEST_F(IpvsThreadTest, AConnectionThatBreaksIsOpenedAnew) {
  start();
  kernel_.broken = true;
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  EXPECT_FALSE(events_.front().event.programmed);
  EXPECT_TRUE(within(10s, [&] { return kernel_.has(kWeb); }));
  EXPECT_EQ(kernel_.opened, 2);
}

TEST_F(IpvsThreadTest, TheNewestOfManyStatesIsReached) {
  start();
  for (std::uint32_t weight = 1; weight <= 200; ++weight) {
    ASSERT_TRUE(thread_->apply(table({service(kWeb, {server("10.0.0.1", weight)})})).ok());
  }
  EXPECT_TRUE(within(5s, [&] {
    const std::lock_guard guard(kernel_.lock);
    const auto* destination = kernel_.model.destination(kWeb, server("10.0.0.1").key);
    return destination != nullptr && destination->set.weight == 200;
  }));
}

TEST_F(IpvsThreadTest, WhatSomebodyDeletesIsBackWithinASecond) {
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  {
    const std::lock_guard guard(kernel_.lock);
    kernel_.model.flush();
  }
  EXPECT_TRUE(await(ipvs::Event::Kind::Repaired));
  EXPECT_TRUE(kernel_.has(kWeb));
  EXPECT_EQ(events_.back().message,
            "add service TCP 192.0.2.10:80, add 10.0.0.1:80 to TCP 192.0.2.10:80, add 10.0.0.2:80 to TCP 192.0.2.10:80");
}

TEST_F(IpvsThreadTest, AFailureSaysWhatIsMissing) {
  start();
  ASSERT_TRUE(thread_->apply(table({service(kWeb, {server("10.0.0.1")}, "ovf")})).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Failed));
  const std::string message = "add service TCP 192.0.2.10:80: No such file or directory (the kernel has no scheduler ovf: module ip_vs_ovf)";
  EXPECT_EQ(events_.front().message, message);
  EXPECT_GT(events_.front().changedAtMs, 0);
  const IpvsSnapshot snapshot = thread_->snapshot();
  ASSERT_EQ(snapshot.services.size(), 1u) << "it does not stand, and is told all the same";
  EXPECT_EQ(snapshot.services[0].message, message);
  EXPECT_TRUE(snapshot.services[0].ours);
}

TEST_F(IpvsThreadTest, StopRemovesWhatIsOursAndNothingElse) {
  kernel_.model.carryOut(ipvs::SetService{true, tcp("203.0.113.1"), web().services[0].settings});
  start({tcp("192.0.2.99")});
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  EXPECT_TRUE(thread_->stop(false).ok());
  EXPECT_FALSE(kernel_.has(kWeb));
  EXPECT_TRUE(kernel_.has(tcp("203.0.113.1")));
  EXPECT_TRUE(thread_->stop(true).ok());
  EXPECT_EQ(thread_->apply(web()).error().number, ESHUTDOWN);
  EXPECT_EQ(thread_->snapshot().message, "stopped");
}

TEST_F(IpvsThreadTest, StopTriesAgainWhenTheConnectionBreaks) {
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  kernel_.broken = true;
  EXPECT_TRUE(thread_->stop(false).ok());
  EXPECT_FALSE(kernel_.has(kWeb));
}

TEST_F(IpvsThreadTest, StopWithoutIpvsHasNothingToRemoveAndWithoutPermissionSaysSo) {
  kernel_.missing = ENOENT;
  start({kWeb});
  EXPECT_TRUE(thread_->stop(false).ok());
  kernel_.missing = EPERM;
  start({kWeb});
  EXPECT_EQ(thread_->stop(false).error().number, EPERM);
}

TEST_F(IpvsThreadTest, KeepAndTheEndOfTheObjectLeaveEverything) {
  start();
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  const std::size_t requests = kernel_.requests();
  EXPECT_TRUE(thread_->stop(true).ok());
  start({kWeb});
  thread_.reset();
  EXPECT_EQ(kernel_.requests(), requests);
  start({kWeb});
  ASSERT_TRUE(thread_->apply(web()).ok());
  ASSERT_TRUE(await(ipvs::Event::Kind::Applied));
  EXPECT_EQ(kernel_.requests(), requests) << "adopted without a request";
}

}  // namespace
}  // namespace aloft::runtime
