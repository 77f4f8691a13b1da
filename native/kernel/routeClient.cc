#include "kernel/routeClient.h"

#include <cerrno>

namespace aloft::kernel {
namespace {

constexpr int kDumpAttempts = 5;

bool build(wire::NetlinkBuilder& builder, const AddressOperation& operation, std::uint32_t sequence) {
  if (operation.kind == AddressOperation::Kind::Remove) {
    return wire::buildRemoveAddress(builder, operation.ifindex, operation.prefix, sequence);
  }
  return wire::buildAddAddress(builder, {operation.ifindex, operation.prefix}, wire::OnExisting::Refuse, sequence);
}

}  // namespace

AddressOutcome interpret(AddressOperation::Kind kind, int error) {
  if (kind == AddressOperation::Kind::Add) {
    return error == EEXIST ? AddressOutcome{0, true} : AddressOutcome{error, false};
  }
  // The address is gone; so it is when its link is.
  const bool gone = error == EADDRNOTAVAIL || error == ENODEV;
  return {gone ? 0 : error, false};
}

os::Result<RouteClient> RouteClient::open() {
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::open();
  if (!socket.ok()) return socket.error();
  RouteClient client(std::move(socket.value()));
  client.request_.resize(kMaxBatch * wire::kMaxAddressRequest);
  return client;
}

os::Result<Dump> RouteClient::dump() {
  // An interrupted dump may have skipped what stood behind an entry that went. All attempts fill one table: each skips other entries.
  Dump dump;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    dump.complete = true;
    for (const bool addresses : {false, true}) {
      const os::Status status = dumpInto(dump.links, addresses);
      if (!status.ok() && status.error().number != EINTR) return status.error();
      dump.complete &= status.ok();
    }
    if (dump.complete) break;
  }
  return dump;
}

os::Status RouteClient::dumpInto(LinkTable& table, bool addresses) {
  const std::uint32_t sequence = ++sequence_;
  wire::NetlinkBuilder builder(request_);
  if (addresses) {
    wire::buildAddressDump(builder, sequence);
  } else {
    wire::buildLinkDump(builder, sequence);
  }
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent;

  bool interrupted = false;
  for (;;) {
    const auto datagram = socket_.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{"dump links and addresses", ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      if (message.sequence != sequence) continue;  // of a dump that was given up
      interrupted |= message.isDumpInterrupted();
      if (const auto result = wire::parseNetlinkResult(message)) {
        if (result->error != 0) return os::Error{"dump links and addresses", result->error};
        if (interrupted) return os::Error{"dump links and addresses", EINTR};
        return {};
      }
      if (const auto link = wire::parseLink(message)) table.apply(*link);
      if (const auto address = wire::parseAddress(message)) table.apply(*address);
    }
  }
}

os::Status RouteClient::execute(std::span<const AddressOperation> operations, std::span<AddressOutcome> outcomes) {
  if (operations.empty()) return {};
  wire::NetlinkBuilder builder(request_);
  const std::uint32_t firstSequence = sequence_ + 1;
  for (const AddressOperation& operation : operations) {
    if (!build(builder, operation, ++sequence_)) return os::Error{"build rtnetlink request", EMSGSIZE};
  }
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent;
  return awaitOutcomes(operations, outcomes, firstSequence);
}

os::Status RouteClient::awaitOutcomes(std::span<const AddressOperation> operations, std::span<AddressOutcome> outcomes,
                                      std::uint32_t firstSequence) {
  std::size_t missing = operations.size();
  while (missing > 0) {
    const auto datagram = socket_.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{"wait for rtnetlink", ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      const std::uint32_t index = message.sequence - firstSequence;  // unsigned: an older sequence number wraps to a large one
      const auto result = wire::parseNetlinkResult(message);
      if (!result || index >= operations.size()) continue;
      outcomes[index] = interpret(operations[index].kind, result->error);
      --missing;
    }
  }
  return {};
}

}  // namespace aloft::kernel
