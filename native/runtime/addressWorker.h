#pragma once
// Adds and removes addresses as virtual routers need them. Actuator thread only, but for what takes `lock`.

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/addressBook.h"
#include "kernel/linkTable.h"
#include "kernel/routeClient.h"

namespace aloft::runtime {

/// `owner` shall have exactly `wanted` on the interface; nothing at all when `wanted` is empty.
struct AddressJob {
  kernel::Owner owner = kernel::kNobody;
  std::string interface;
  std::vector<wire::IpPrefix> wanted;
};

/// How a job went.
struct AddressAnswer {
  kernel::Owner owner = kernel::kNobody;
  bool held = false;      ///< whether the kernel has any of the owner's addresses now
  int error = 0;          ///< errno of the first operation that failed
  std::string message;    ///< "add 192.0.2.10/24 to eth0: Operation not permitted"
  std::string operation;  ///< "add address"
};

class AddressWorker {
 public:
  /// `lock` guards `links` and `book` against the caller's thread, which only reads them; no system call is made under it.
  /// `afterChunk` is called after each batch: it reads the notifications, so that they and `links` are never far behind.
  AddressWorker(kernel::RouteClient& client, const kernel::LinkTable& links, kernel::AddressBook& book, std::mutex& lock,
                std::function<void()> afterChunk);

  /// Does all jobs, as many operations at a time as one batch takes.
  std::vector<AddressAnswer> perform(std::span<const AddressJob> jobs);
  /// The kernel reported that this address is gone. False when that was our own doing.
  bool isOwnRemoval(const kernel::HeldAddress& address) const;

 private:
  struct Step {
    std::size_t job = 0;
    kernel::AddressOperation operation;
    kernel::AddressOutcome outcome;
  };

  std::vector<Step> plan(std::span<const AddressJob> jobs, std::vector<AddressAnswer>& answers);
  void execute(std::span<Step> chunk);
  void record(const AddressJob& job, const Step& step, AddressAnswer& answer);
  bool standsAsOurs(const kernel::AddressOperation& operation) const;
  bool standsForeign(const AddressJob& job) const;

  kernel::RouteClient& client_;
  const kernel::LinkTable& links_;
  kernel::AddressBook& book_;
  std::mutex& lock_;
  std::function<void()> afterChunk_;
  std::span<const Step> executing_;
};

}  // namespace aloft::runtime
