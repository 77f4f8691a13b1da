// Its mailbox and its end, in real time. What it tells is tested in test/native/ipvs, and with the kernel's connections in test/ipvs.
#include "runtime/connectionTeller.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace aloft::runtime {
namespace {

wire::IpvsDaemon loopback() {
  wire::IpvsDaemon daemon;
  daemon.interface = "lo";
  return daemon;
}

std::unique_ptr<ConnectionTeller> running() {
  auto teller = ConnectionTeller::open();
  EXPECT_TRUE(teller.ok());
  EXPECT_TRUE(teller.value()->use(loopback()).ok());
  return std::move(teller.value());
}

TEST(ConnectionTeller, WithoutADaemonThereIsNobodyToTellAndNoThread) {
  auto teller = ConnectionTeller::open();
  ASSERT_TRUE(teller.ok());
  teller.value()->tell();
  teller.value()->stop();
  EXPECT_TRUE(teller.value()->use(loopback()).ok());
  teller.value()->tell();
}

TEST(ConnectionTeller, WhoeverAsksIsAnsweredAlsoWhileItEnds) {
  for (int round = 0; round < 20; ++round) {
    const auto teller = running();
    std::latch together(3);
    const auto ask = [&] {
      together.arrive_and_wait();
      teller->tell();
    };
    std::thread one(ask);
    std::thread other(ask);
    together.arrive_and_wait();
    teller->stop();
    one.join();
    other.join();
    teller->tell();
  }
}

TEST(ConnectionTeller, TwoThreadsMayStopItAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const auto teller = running();
    std::latch together(2);
    const auto stop = [&] {
      together.arrive_and_wait();
      teller->stop();
    };
    std::thread other(stop);
    stop();
    other.join();
  }
}

}  // namespace
}  // namespace aloft::runtime
