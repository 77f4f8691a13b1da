#pragma once
// Requests to rtnetlink. Every call may wait for the kernel's RTNL lock: actuator thread only.

#include <cstdint>
#include <span>
#include <vector>

#include "kernel/addressBook.h"
#include "kernel/linkTable.h"
#include "os/netlinkSocket.h"
#include "os/result.h"

namespace aloft::kernel {

/// What the kernel answered to one operation.
struct AddressOutcome {
  /// 0 when the address is as wanted now, also when it was so before; else the errno.
  int error = 0;
  /// Add: it stood there already, whoever set it.
  bool existed = false;
};

/// What stood in the kernel at some moment of the dump; later changes come as notifications to whoever subscribed before it.
struct Dump {
  LinkTable links;
  bool complete = true;
};

class RouteClient {
 public:
  /// RTNL is held per message, but a batch keeps the caller from its other work: about 3 ms at most.
  static constexpr std::size_t kMaxBatch = 64;

  static os::Result<RouteClient> open();

  /// All links and addresses that there are now. Repeated a few times while the kernel says that it changed meanwhile; then `complete` is
  /// false: an entry may be missing, though all that never changed is most likely there.
  os::Result<Dump> dump();

  /// Carries out up to kMaxBatch operations in one send; `outcomes` has the same size. Each succeeds or fails for itself. An error
  /// is returned only when the kernel could not be asked at all; then nothing is known about the outcomes.
  os::Status execute(std::span<const AddressOperation> operations, std::span<AddressOutcome> outcomes);

 private:
  explicit RouteClient(os::NetlinkSocket socket) : socket_(std::move(socket)) {}
  os::Status dumpInto(LinkTable& table, bool addresses);
  os::Status awaitOutcomes(std::span<const AddressOperation> operations, std::span<AddressOutcome> outcomes, std::uint32_t firstSequence);

  os::NetlinkSocket socket_;
  std::uint32_t sequence_ = 0;
  std::vector<std::uint8_t> request_;
};

/// Normalizes the kernel's answer (an errno, 0 for none): to add what is there and to remove what is not are successes.
AddressOutcome interpret(AddressOperation::Kind kind, int error);

}  // namespace aloft::kernel
