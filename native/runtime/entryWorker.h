#pragma once
// Sets and removes addresses, routes and rules as virtual routers need them. Actuator thread only, but for what takes `lock`.
//
// Jobs are worked on a batch at a time, those with the least left to do first: a router with ten thousand addresses does not keep one with
// a single address waiting for more than the batch that is under way.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernel/addressBook.h"
#include "kernel/entries.h"
#include "kernel/ledger.h"
#include "kernel/linkTable.h"
#include "kernel/resolution.h"
#include "kernel/routeClient.h"

namespace aloft::runtime {

/// What stands in the kernel and is ours, and for whom. Guarded by the caller's lock.
struct Inventory {
  kernel::AddressBook addresses;
  kernel::Ledger<wire::Route> routes;
  kernel::Ledger<wire::Rule> rules;

  /// Each once.
  std::vector<kernel::Owner> owners() const;
};

/// `owner` shall have exactly these entries; nothing at all when `entries` is null.
struct EntryJob {
  kernel::Owner owner = kernel::kNobody;
  const kernel::Entries* entries = nullptr;  ///< read by submit() only
  /// Of a virtual router with a virtual MAC address: the macvlan, which is up as long as it holds its addresses; empty: none.
  std::string virtualMacInterface{};
};

/// How a job went, or the first part of it.
struct EntryAnswer {
  enum class Part : std::uint8_t { Addresses, RoutesAndRules };
  kernel::Owner owner = kernel::kNobody;
  Part part = Part::Addresses;
  bool held = false;        ///< Addresses: whether the kernel has any of the owner's addresses now
  int error = 0;            ///< errno of the first operation that failed
  std::string message{};    ///< "add 192.0.2.10/24 to eth0: Operation not permitted"
  std::string operation{};  ///< "add address"
};

class EntryWorker {
 public:
  /// `lock` guards `links` and `inventory` against the caller's thread, which only reads them; no system call is made under it.
  /// `afterBatch` is called after each batch: it reads the notifications, so that they and `links` are never far behind.
  EntryWorker(kernel::RouteClient& client, const kernel::LinkTable& links, Inventory& inventory, std::mutex& lock,
              kernel::HostRoutesWork hostRoutesWork, std::function<void()> afterBatch);

  /// Plans a job, in the place of what is left of an earlier one of the same owner.
  void submit(const EntryJob& job);
  /// Sets an address anew, as it is, without a moment in which it is not there: the primary address of a subnet becomes a secondary one.
  /// Does nothing while there is a job of its owner.
  void renew(kernel::Owner owner, const kernel::HeldAddress& address);
  /// Works on one batch. False when there was nothing to do.
  bool step();
  /// What has come to an end since the last call.
  std::vector<EntryAnswer> takeAnswers() { return std::exchange(answers_, {}); }

  bool isBusy() const { return !tasks_.empty(); }
  bool isBusyFor(kernel::Owner owner) const { return tasks_.contains(owner); }
  /// The kernel reported that this address is gone. False when that was not our own doing.
  bool isOwnRemoval(const kernel::HeldAddress& address) const;

  /// Takes away the host routes that stood in for addresses which were replaced, those that are old enough or, with `all`, every one.
  void removeStandIns(std::chrono::nanoseconds now, bool all = false);
  bool hasStandIns() const { return !standIns_.empty(); }

 private:
  struct Task {
    std::vector<kernel::Operation> operations;
    std::size_t next = 0;       ///< those before it are done
    std::size_t addresses = 0;  ///< those before it are about addresses
    bool addressesFirst = true;
    std::vector<kernel::PlacedAddress> wanted;
    std::uint64_t order = 0;
    EntryAnswer ofAddresses;
    EntryAnswer ofRoutes;
  };
  struct Step {
    Task* task = nullptr;
    const kernel::Operation* operation = nullptr;
    kernel::Outcome outcome;
  };
  struct StandIn {
    std::chrono::nanoseconds since{};
    wire::IpAddress address;
  };

  Task plan(const EntryJob& job);
  void planRoutes(const EntryJob& job, Task& task, std::vector<kernel::Operation>& removals, std::vector<kernel::Operation>& additions);
  void planMacvlan(const EntryJob& job, std::vector<kernel::Operation>& operations) const;
  void protectSecondaries(kernel::AddressOperation& operation) const;
  void addAll(std::vector<kernel::Operation>& operations, std::vector<kernel::AddressOperation> addresses) const;

  std::vector<Step> nextBatch();
  void execute(std::vector<Step>& batch);
  void record(kernel::Owner owner, Step& step);
  void recordAddress(kernel::Owner owner, const kernel::AddressOperation& operation, const kernel::Outcome& outcome);
  void fail(EntryAnswer& answer, const kernel::Operation& operation, int error) const;
  void finishParts(kernel::Owner owner, Task& task);
  bool standsAsOurs(const kernel::PlacedAddress& address) const;
  bool standsForeign(const Task& task) const;

  kernel::RouteClient& client_;
  const kernel::LinkTable& links_;
  Inventory& inventory_;
  std::mutex& lock_;
  kernel::HostRoutesWork hostRoutesWork_;
  std::function<void()> afterBatch_;

  std::map<kernel::Owner, Task> tasks_;
  std::uint64_t submitted_ = 0;
  std::size_t batchSize_ = kernel::RouteClient::kMaxBatch;
  std::span<const Step> executing_;
  std::vector<EntryAnswer> answers_;
  std::vector<StandIn> standIns_;
};

}  // namespace aloft::runtime
