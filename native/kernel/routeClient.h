#pragma once
// Requests to rtnetlink. Every call may wait for the kernel's RTNL lock: actuator thread only.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernel/linkTable.h"
#include "kernel/operation.h"
#include "os/netlinkSocket.h"
#include "os/result.h"
#include "wire/linkRequest.h"

namespace aloft::kernel {

/// What stood in the kernel at some moment of the dump; later changes come as notifications to whoever subscribed before it.
struct Dump {
  LinkTable links;
  bool complete = true;
};

/// The routes and rules of one protocol.
struct RouteDump {
  std::vector<wire::Route> routes;
  std::vector<wire::Rule> rules;
  bool complete = true;
};

/// A macvlan as it is made: down, with a mark, without addresses of its own.
struct MacvlanRequest {
  std::string name;
  std::string alias;
  std::uint32_t parent = 0;
  wire::MacAddress mac{};
};

class RouteClient {
 public:
  /// RTNL is held per message, but a batch keeps the caller from its other work: about 3 ms at most.
  static constexpr std::size_t kMaxBatch = 64;

  static os::Result<RouteClient> open();

  /// As notifications about what this client did name it.
  std::uint32_t port() const { return port_; }

  /// All links and addresses that there are now. Repeated a few times while the kernel says that it changed meanwhile; then `complete` is
  /// false: an entry may be missing, though all that never changed is most likely there.
  os::Result<Dump> dump();
  /// All routes and rules of both families and all tables that are ours by their protocol.
  os::Result<RouteDump> dumpRoutes();

  /// Carries out operations that take up to kMaxBatch messages together, in one send; `outcomes` has the same size. Each succeeds or fails
  /// for itself. An error is returned only when the kernel could not be asked at all; then nothing is known about the outcomes.
  os::Status execute(std::span<const Operation> operations, std::span<Outcome> outcomes);

  /// EEXIST when there is a link of that name. It is marked and configured in the send that makes it: no kill can come between.
  os::Status addMacvlan(const MacvlanRequest& request);
  os::Status removeLink(std::uint32_t ifindex);
  os::Status configureLink(std::uint32_t ifindex, std::span<const wire::LinkSettingValue> settings);

 private:
  /// Writes one message with the given sequence number; false when it does not fit.
  using Build = std::function<bool(wire::NetlinkBuilder&, std::uint32_t)>;
  using Each = std::function<void(const wire::NetlinkMessage&)>;

  RouteClient(os::NetlinkSocket socket, std::uint32_t port) : socket_(std::move(socket)), port_(port) {}
  /// Leaves out what does not fit.
  template <class Write>
  void append(wire::NetlinkBuilder& builder, std::size_t operation, bool decides, Write write);
  void append(wire::NetlinkBuilder& builder, const AddressOperation& operation, std::size_t index);
  os::Status awaitOutcomes(std::span<const Operation> operations, std::span<Outcome> outcomes);
  /// One request and its result. EINTR: the kernel changed while it was listed.
  os::Status ask(const char* operation, const Build& build, const Each& each = {});
  /// Several requests in one send; the errno of each.
  os::Result<std::vector<int>> askAll(const char* operation, std::span<const Build> builds);
  os::Status dumpEverything(RouteDump& dump);

  /// What a message that was sent belongs to; its sequence number is firstSequence_ plus its index.
  struct Sent {
    std::size_t operation = 0;
    bool decides = false;  ///< its result is the operation's
  };

  os::NetlinkSocket socket_;
  std::uint32_t port_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint32_t firstSequence_ = 0;
  std::vector<Sent> sent_;
  std::vector<std::uint8_t> request_;
};

}  // namespace aloft::kernel
