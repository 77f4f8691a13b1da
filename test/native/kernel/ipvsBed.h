#pragma once
// The kernel's IPVS in a network namespace of the test's own. Where the kernel has none all is skipped: User-Mode Linux has it.

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "kernel/ipvsClient.h"
#include "text.h"

namespace aloft::kernel {

using ipvs::Operation;
using ipvs::RemoveDestination;
using ipvs::RemoveService;
using ipvs::SetDestination;
using ipvs::SetService;
using ipvs::StandingDestination;
using ipvs::StandingService;
using test::ip;
using wire::Family;
using wire::IpvsDestination;
using wire::IpvsForwarding;
using wire::IpvsProtocol;
using wire::IpvsServiceKey;
using wire::IpvsServiceSettings;

inline constexpr IpvsOutcome kUntouched = -1;

inline IpvsServiceKey keyOf(const char* address, std::uint16_t port, IpvsProtocol protocol = IpvsProtocol::Tcp) {
  const wire::IpAddress parsed = ip(address);
  return {parsed.family, protocol, parsed, port, 0};
}

inline IpvsDestination destinationOf(const char* address, std::uint16_t port, IpvsForwarding forwarding, std::uint32_t weight = 1) {
  IpvsDestination destination;
  destination.key = {ip(address), port};
  destination.forwarding = forwarding;
  destination.weight = weight;
  return destination;
}

inline const IpvsServiceSettings kRoundRobin{"rr", 0, 0, 32, ""};
inline const IpvsServiceSettings kRoundRobin6{"rr", 0, 0, 128, ""};

class IpvsBed : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    // Without any address at all the kernel takes every one for a broadcast, and refuses it.
    ASSERT_EQ(std::system("ip link set lo up"), 0);
    auto opened = IpvsClient::open();
    if (!opened.ok() && opened.error().number == ENOENT) GTEST_SKIP() << "the kernel has no IPVS: " << opened.error().message();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    client_ = std::move(opened.value());
  }

  std::vector<IpvsOutcome> perform(const std::vector<Operation>& operations) {
    std::vector<IpvsOutcome> outcomes(operations.size(), kUntouched);
    const os::Status status = client_->carryOut(operations, outcomes);
    EXPECT_TRUE(status.ok()) << status.error().message();
    return outcomes;
  }
  void expectDone(const std::vector<Operation>& operations) {
    EXPECT_EQ(perform(operations), std::vector<IpvsOutcome>(operations.size(), 0));
  }
  std::vector<StandingService> dump() {
    auto services = client_->dump();
    EXPECT_TRUE(services.ok()) << services.error().message();
    return services.ok() ? std::move(services.value()) : std::vector<StandingService>{};
  }
  std::vector<StandingService> glance() {
    auto services = client_->glance();
    EXPECT_TRUE(services.ok()) << services.error().message();
    return services.ok() ? std::move(services.value()) : std::vector<StandingService>{};
  }
  static const StandingService* find(const std::vector<StandingService>& services, const IpvsServiceKey& key) {
    for (const StandingService& service : services) {
      if (service.key == key) return &service;
    }
    ADD_FAILURE() << "there is no service of port " << key.port;
    return nullptr;
  }
  static const StandingDestination* find(const StandingService* service, const wire::IpvsDestinationKey& key) {
    if (service == nullptr) return nullptr;
    for (const StandingDestination& standing : service->destinations) {
      if (standing.destination.key == key) return &standing;
    }
    ADD_FAILURE() << "there is no destination " << wire::format(key.address);
    return nullptr;
  }
  static void shell(const char* script) { ASSERT_EQ(std::system(script), 0) << script; }

  std::unique_ptr<IpvsClient> client_;
};

}  // namespace aloft::kernel
