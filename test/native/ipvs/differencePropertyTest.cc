// For any two tables: the difference leads from one to the other, asks for nothing that is there, and touches nothing of others.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ipvs/difference.h"
#include "support/comparison.h"
#include "support/make.h"
#include "support/randomTable.h"

namespace aloft::ipvs {
namespace {

constexpr std::uint64_t kSeeds = 4000;

constexpr auto kGoAtOnce = [](const Service&, const StandingDestination&) { return false; };

ServiceKeys keysOf(const Table& table) {
  ServiceKeys keys;
  for (const Service& service : table.services) keys.insert(service.key);
  return keys;
}

/// Services of somebody else, at addresses that no random table has.
void addOthers(ModelKernel& kernel, Random& random) {
  for (const char* text : {"203.0.113.1", "2001:db8:f::1"}) {
    kernel.carryOut(SetService{true, tcp(text), service(tcp(text), {}).settings});
    kernel.carryOut(SetDestination{true, tcp(text), server(kernel.hostAddresses_.empty() ? "10.0.0.1" : "10.0.0.3", below(random, 3))});
  }
}

/// What an operation is about: no two of a plan may be about the same, but for a daemon that is stopped and started.
std::string subject(const Operation& operation) {
  if (const auto* o = std::get_if<SetDestination>(&operation)) return describe(o->service) + " " + describe(o->destination.key);
  if (const auto* o = std::get_if<RemoveDestination>(&operation)) return describe(o->service) + " " + describe(o->destination);
  if (const auto* o = std::get_if<SetService>(&operation)) return describe(o->key);
  if (const auto* o = std::get_if<RemoveService>(&operation)) return describe(o->key);
  return describe(operation);
}

/// Place in the order that difference() promises.
int phase(const Operation& operation) {
  if (const auto* o = std::get_if<SetService>(&operation)) return o->add ? 1 : 0;
  if (const auto* o = std::get_if<SetDestination>(&operation)) return o->add ? 1 : 2;
  if (std::holds_alternative<RemoveDestination>(operation)) return 3;
  if (std::holds_alternative<RemoveService>(operation)) return 4;
  return std::holds_alternative<SetTimeouts>(operation) ? 0 : 5;
}

std::string state(const ModelKernel& kernel) {
  std::string text;
  for (const auto& [key, service] : kernel.services_) {
    text += describe(key) + " " + service.set.scheduler + " " + std::to_string(service.set.flags) + " " +
            std::to_string(service.set.timeout) + " " + std::to_string(service.set.prefixLength) + "\n";
    for (const auto& [set, active, inactive] : service.destinations) {
      text += describe(set.key) + " " + std::to_string(set.weight) + " " + std::to_string(static_cast<int>(set.forwarding)) + " " +
              std::to_string(set.upperThreshold) + " " + std::to_string(set.tunnelPort) + "\n";
    }
  }
  for (const wire::IpvsDaemon& daemon : kernel.daemons_) text += "daemon " + std::to_string(static_cast<int>(daemon.role)) + "\n";
  return text + std::to_string(kernel.timeouts_.tcp);
}

void carryOut(const std::vector<Operation>& plan, ModelKernel& kernel) {
  std::set<std::string> subjects;
  int last = 0;
  for (const Operation& operation : plan) {
    const std::string before = state(kernel);
    ASSERT_EQ(kernel.carryOut(operation), 0) << describe(operation);
    EXPECT_NE(state(kernel), before) << "needless: " << describe(operation);
    EXPECT_TRUE(subjects.insert(subject(operation)).second) << "twice: " << describe(operation);
    EXPECT_GE(phase(operation), last) << "too late: " << describe(operation);
    last = phase(operation);
  }
}

class Difference : public testing::Test {
 protected:
  void reach(const Table& table) {
    const ServiceKeys keys = keysOf(table);
    ours_.insert(keys.begin(), keys.end());
    carryOut(difference(table, StandingTable(kernel_.dump()), ours_, kGoAtOnce), kernel_);
    EXPECT_EQ(mismatch(table, kernel_, others_), "");
    const auto again = difference(table, StandingTable(kernel_.dump()), ours_, kGoAtOnce);
    EXPECT_TRUE(again.empty()) << describe(again.front());
  }

  void begin(std::uint64_t seed) {
    kernel_ = {};
    ours_.clear();
    random_.seed(seed);
    if (below(random_, 2) == 0) kernel_.hostAddresses_ = {address("10.0.0.3"), address("2001:db8:1::2")};
    addOthers(kernel_, random_);
  }

  std::string othersState() {
    std::string text;
    for (const char* key : {"203.0.113.1", "2001:db8:f::1"}) {
      text += std::to_string(kernel_.service(tcp(key))->destinations.front().set.weight) + kernel_.service(tcp(key))->set.scheduler;
    }
    return text;
  }

  ModelKernel kernel_;
  ServiceKeys ours_;
  Random random_;
  const std::size_t others_ = 2;
};

TEST_F(Difference, LeadsFromAnyTableToAnyOther) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin(seed);
    const std::string others = othersState();
    const Table first = randomTable(random_);
    reach(first);
    reach(below(random_, 2) == 0 ? randomTable(random_) : changed(first, random_));
    EXPECT_EQ(othersState(), others);
  }
}

TEST_F(Difference, AdoptsWhateverStandsAndWhateverWasChangedByHand) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin(seed);
    const Table first = randomTable(random_);
    reach(first);
    ModelKernel others = kernel_;
    std::erase_if(others.services_, [&](const auto& each) { return ours_.contains(each.first); });
    std::erase_if(kernel_.services_, [&](const auto& each) { return !ours_.contains(each.first); });
    meddle(kernel_, random_);
    kernel_.services_.merge(others.services_);
    reach(below(random_, 2) == 0 ? first : randomTable(random_));
  }
}

TEST_F(Difference, AddsDestinationsInTheGivenOrder) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin(seed);
    const Table table = randomTable(random_);
    reach(table);
    for (const Service& wanted : table.services) {
      const auto& standing = kernel_.service(wanted.key)->destinations;
      const bool same = std::equal(wanted.destinations.rbegin(), wanted.destinations.rend(), standing.begin(), standing.end(),
                                   [](const auto& each, const auto& has) { return each.key == has.set.key; });
      EXPECT_TRUE(same) << describe(wanted.key);
    }
  }
}

}  // namespace
}  // namespace aloft::ipvs
