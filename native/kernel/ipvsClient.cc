#include "kernel/ipvsClient.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <optional>
#include <string>

#include "kernel/ipvsTable.h"
#include "kernel/netlinkAnswer.h"
#include "wire/genericNetlink.h"
#include "wire/ipvsReply.h"
#include "wire/ipvsRequest.h"

namespace aloft::kernel {
namespace {

using wire::NetlinkBuilder;
using wire::NetlinkMessage;

constexpr std::size_t kMaxBatch = 64;
constexpr int kAttempts = 5;

// ----- Operations -----

bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::SetService& operation, std::uint32_t sequence) {
  const auto write = operation.add ? wire::buildAddService : wire::buildChangeService;
  return write(builder, family, operation.key, operation.settings, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::RemoveService& operation, std::uint32_t sequence) {
  return wire::buildRemoveService(builder, family, operation.key, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::SetDestination& operation, std::uint32_t sequence) {
  const auto write = operation.add ? wire::buildAddDestination : wire::buildChangeDestination;
  return write(builder, family, operation.service, operation.destination, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::RemoveDestination& operation, std::uint32_t sequence) {
  return wire::buildRemoveDestination(builder, family, operation.service, operation.destination, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::StartDaemon& operation, std::uint32_t sequence) {
  return wire::buildStartDaemon(builder, family, operation.daemon, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::StopDaemon& operation, std::uint32_t sequence) {
  return wire::buildStopDaemon(builder, family, operation.daemon.role, sequence);
}
bool build(NetlinkBuilder& builder, std::uint16_t family, const ipvs::SetTimeouts& operation, std::uint32_t sequence) {
  return wire::buildSetTimeouts(builder, family, operation.timeouts, sequence);
}

bool removes(const ipvs::Operation& operation) {
  return std::holds_alternative<ipvs::RemoveService>(operation) || std::holds_alternative<ipvs::RemoveDestination>(operation) ||
         std::holds_alternative<ipvs::StopDaemon>(operation);
}

IpvsOutcome interpret(const ipvs::Operation& operation, int error) {
  const bool gone = error == ESRCH || error == ENOENT;
  return gone && removes(operation) ? 0 : error;
}

// ----- The client -----

class NetlinkIpvsClient final : public IpvsClient {
 public:
  explicit NetlinkIpvsClient(OpenSocket openSocket) : openSocket_(std::move(openSocket)) {}
  /// Whether IPVS is there and may be asked.
  os::Status probe();
  os::Result<std::vector<ipvs::StandingService>> dump() override;
  os::Result<std::vector<ipvs::StandingService>> glance() override;
  os::Result<std::vector<wire::IpvsDaemon>> daemons() override;
  os::Result<wire::IpvsTimeouts> timeouts() override;
  os::Status carryOut(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes) override;

 private:
  /// Sees to it that there is a socket and the family's number is known.
  os::Status connect();
  /// After a failure: a socket may still hold answers, or a dump that was not read to its end and keeps the next one out. The next one has
  /// neither, and the family may have another number by then.
  os::Error giveUp(os::Error error) {
    socket_.reset();
    return error;
  }
  /// One request on the socket that there is; `each` hears the messages up to the result.
  template <typename Build, typename Each>
  os::Status exchange(const char* operation, Build build, Each each);
  /// One request; what was interrupted, or lost, is repeated. `begin` forgets what `each` heard.
  template <typename Build, typename Begin, typename Each>
  os::Status ask(const char* operation, Build build, Begin begin, Each each);
  os::Result<std::vector<ipvs::StandingService>> listServices();
  os::Status listDestinations(ipvs::StandingService& service);
  os::Status carryOutBatch(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes);

  OpenSocket openSocket_;
  std::optional<os::NetlinkSocket> socket_;
  std::uint16_t family_ = 0;
  std::uint32_t sequence_ = 0;
  std::array<std::uint8_t, kMaxBatch * wire::kMaxIpvsRequest + wire::kNetlinkHeaderSize> request_{};
  std::string table_;
};

os::Status NetlinkIpvsClient::connect() {
  if (socket_) return {};
  os::Result<os::NetlinkSocket> socket = openSocket_();
  if (!socket.ok()) return socket.error();
  socket_.emplace(std::move(socket.value()));
  family_ = 0;
  const auto build = [](NetlinkBuilder& builder, std::uint32_t sequence) {
    return wire::buildFamilyRequest(builder, wire::kIpvsFamilyName, sequence);
  };
  const os::Status found = exchange("find IPVS", build, [this](const NetlinkMessage& message) {
    if (const auto family = wire::parseGenericFamily(message)) family_ = family->number;
  });
  if (!found.ok()) return giveUp(found.error());
  return family_ == 0 ? os::Status(giveUp({"find IPVS", ENOENT})) : os::Status();
}

template <typename Build, typename Each>
os::Status NetlinkIpvsClient::exchange(const char* operation, Build build, Each each) {
  const std::uint32_t sequence = ++sequence_;
  NetlinkBuilder builder(request_);
  if (!build(builder, sequence)) return os::Error{operation, EMSGSIZE};
  if (const os::Status sent = socket_->send(builder.bytes()); !sent.ok()) return sent;
  return hearAnswer(*socket_, operation, sequence, each);
}

template <typename Build, typename Begin, typename Each>
os::Status NetlinkIpvsClient::ask(const char* operation, Build build, Begin begin, Each each) {
  for (int attempt = 1;; ++attempt) {
    if (const os::Status connected = connect(); !connected.ok()) return connected;
    begin();
    const os::Status status = exchange(operation, build, each);
    if (status.ok()) return status;
    const os::Error error = giveUp(status.error());
    if ((error.number != EINTR && error.number != ENOBUFS) || attempt == kAttempts) return error;
  }
}

os::Status NetlinkIpvsClient::probe() {
  const auto build = [this](NetlinkBuilder& builder, std::uint32_t sequence) { return wire::buildInfoRequest(builder, family_, sequence); };
  return ask("ask IPVS", build, [] {}, [](const NetlinkMessage&) {});
}

// ----- What there is -----

os::Status NetlinkIpvsClient::listDestinations(ipvs::StandingService& service) {
  const auto build = [&](NetlinkBuilder& builder, std::uint32_t sequence) {
    return wire::buildDestinationDump(builder, family_, service.key, sequence);
  };
  const auto take = [&](const NetlinkMessage& message) {
    if (const auto found = wire::parseIpvsDestination(message, family_)) {
      service.destinations.push_back(
          {found->destination, found->activeConnections, found->inactiveConnections, found->persistentConnections, found->statistics});
    }
  };
  return ask("list IPVS destinations", build, [&] { service.destinations.clear(); }, take);
}

os::Result<std::vector<ipvs::StandingService>> NetlinkIpvsClient::listServices() {
  std::vector<ipvs::StandingService> services;
  const auto build = [this](NetlinkBuilder& builder, std::uint32_t sequence) { return wire::buildServiceDump(builder, family_, sequence); };
  const auto take = [&](const NetlinkMessage& message) {
    if (auto found = wire::parseIpvsService(message, family_)) {
      services.push_back({found->key, std::move(found->settings), {}, found->statistics});
    }
  };
  if (const os::Status listed = ask("list IPVS services", build, [&] { services.clear(); }, take); !listed.ok()) return listed.error();
  return services;
}

os::Result<std::vector<ipvs::StandingService>> NetlinkIpvsClient::dump() {
  auto services = listServices();
  if (!services.ok()) return services;
  for (ipvs::StandingService& service : services.value()) {
    if (const os::Status listed = listDestinations(service); !listed.ok()) return listed.error();
  }
  return services;
}

os::Result<std::vector<ipvs::StandingService>> NetlinkIpvsClient::glance() {
  auto services = listServices();
  if (!services.ok()) return services;
  if (!readIpvsTable(table_).ok()) table_.clear();
  const std::vector<bool> told = fillInDestinations(services.value(), table_);
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (told[i]) continue;
    if (const os::Status listed = listDestinations(services.value()[i]); !listed.ok()) return listed.error();
  }
  return services;
}

os::Result<std::vector<wire::IpvsDaemon>> NetlinkIpvsClient::daemons() {
  std::vector<wire::IpvsDaemon> daemons;
  const auto build = [this](NetlinkBuilder& builder, std::uint32_t sequence) { return wire::buildDaemonDump(builder, family_, sequence); };
  const auto take = [&](const NetlinkMessage& message) {
    if (auto found = wire::parseIpvsDaemon(message, family_)) daemons.push_back(std::move(*found));
  };
  if (const os::Status listed = ask("list IPVS daemons", build, [&] { daemons.clear(); }, take); !listed.ok()) return listed.error();
  return daemons;
}

os::Result<wire::IpvsTimeouts> NetlinkIpvsClient::timeouts() {
  wire::IpvsTimeouts timeouts;
  const auto build = [this](NetlinkBuilder& builder, std::uint32_t sequence) {
    return wire::buildTimeoutsRequest(builder, family_, sequence);
  };
  const auto take = [&](const NetlinkMessage& message) { timeouts = wire::parseIpvsTimeouts(message, family_).value_or(timeouts); };
  if (const os::Status asked = ask("ask for IPVS time-outs", build, [] {}, take); !asked.ok()) return asked.error();
  return timeouts;
}

// ----- Batches -----

os::Status NetlinkIpvsClient::carryOut(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes) {
  if (outcomes.size() < operations.size()) return os::Error{"change IPVS", EINVAL};
  for (std::size_t begin = 0; begin < operations.size(); begin += kMaxBatch) {
    const std::size_t size = std::min(kMaxBatch, operations.size() - begin);
    if (const os::Status connected = connect(); !connected.ok()) return connected;
    const os::Status status = carryOutBatch(operations.subspan(begin, size), outcomes.subspan(begin, size));
    if (!status.ok()) return giveUp(status.error());
  }
  return {};
}

os::Status NetlinkIpvsClient::carryOutBatch(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes) {
  const std::uint32_t first = sequence_ + 1;
  NetlinkBuilder builder(request_);
  std::bitset<kMaxBatch> answered;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const std::uint32_t sequence = ++sequence_;
    if (std::visit([&](const auto& operation) { return build(builder, family_, operation, sequence); }, operations[i])) continue;
    outcomes[i] = EMSGSIZE;
    answered.set(i);
  }
  const std::uint32_t last = ++sequence_;
  if (!wire::buildAcknowledgedEnd(builder, last)) return os::Error{"change IPVS", EMSGSIZE};
  if (const os::Status sent = socket_->send(builder.bytes()); !sent.ok()) return sent;
  for (bool ended = false; !ended;) {
    const auto datagram = socket_->receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{"change IPVS", ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (NetlinkMessage message; messages.next(message);) {
      const std::uint32_t index = message.sequence - first;  // unsigned: an older sequence number wraps to a large one
      const auto result = wire::parseNetlinkResult(message);
      if (!result) continue;
      ended |= message.sequence == last;
      if (index >= operations.size()) continue;
      outcomes[index] = interpret(operations[index], result->error);
      answered.set(index);
    }
    if (messages.malformed()) return os::Error{"change IPVS", EBADMSG};
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!answered.test(i)) outcomes[i] = 0;  // only failures are answered
  }
  return {};
}

}  // namespace

os::Result<std::unique_ptr<IpvsClient>> IpvsClient::open() {
  return open([] { return os::NetlinkSocket::open(os::NetlinkProtocol::Generic); });
}

os::Result<std::unique_ptr<IpvsClient>> IpvsClient::open(OpenSocket openSocket) {
  auto client = std::make_unique<NetlinkIpvsClient>(std::move(openSocket));
  if (const os::Status status = client->probe(); !status.ok()) return status.error();
  return std::unique_ptr<IpvsClient>(std::move(client));
}

}  // namespace aloft::kernel
