#include "kernel/ipvsClient.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <optional>
#include <string>

#include "os/netlinkSocket.h"
#include "wire/genericNetlink.h"
#include "wire/ipvsProc.h"
#include "wire/ipvsReply.h"
#include "wire/ipvsRequest.h"

namespace aloft::kernel {
namespace {

using wire::NetlinkBuilder;
using wire::NetlinkMessage;

constexpr std::size_t kMaxBatch = 64;
constexpr int kAttempts = 5;
/// Of the calling thread's network namespace; /proc/net is of the process's first thread.
constexpr const char* kTablePath = "/proc/thread-self/net/ip_vs";

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
  if ((error == ESRCH || error == ENOENT) && removes(operation)) return 0;
  // How the kernel puts it that a daemon was stopped before it ever ran.
  if (error == EINTR && std::holds_alternative<ipvs::StopDaemon>(operation)) return 0;
  return error;
}

/// Asks netlink itself for an acknowledgement: it comes when all messages before it have been dealt with.
bool buildEnd(NetlinkBuilder& builder, std::uint32_t sequence) {
  builder.begin(wire::kNetlinkNoop, wire::kNetlinkRequest | wire::kNetlinkAck, sequence);
  return builder.end();
}

// ----- /proc -----

os::Status readTable(std::string& text) {
  const os::Fd file(open(kTablePath, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return os::lastError("open /proc/net/ip_vs");
  text.clear();
  std::array<char, 16 << 10> part;  // the kernel gives a page at a time, or one service if that is more
  for (;;) {
    const ssize_t size = read(file.get(), part.data(), part.size());
    if (size == 0) return {};
    if (size < 0 && errno != EINTR) return os::lastError("read /proc/net/ip_vs");
    text.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
}

void append(std::vector<ipvs::StandingService>& services, const wire::IpvsProcService& found) {
  ipvs::StandingService& service = services.emplace_back();
  service.key = found.key;
  service.settings.scheduler = found.scheduler;
  service.settings.flags = found.flags;
}

void append(std::vector<ipvs::StandingService>& services, const wire::IpvsProcDestination& found) {
  ipvs::StandingService& service = services.back();
  if (service.key.firewallMark != 0 && service.destinations.empty()) service.key.family = found.key.address.family;
  ipvs::StandingDestination& standing = service.destinations.emplace_back();
  standing.destination.key = found.key;
  standing.destination.forwarding = found.forwarding;
  standing.destination.weight = found.weight;
  standing.activeConnections = found.activeConnections;
  standing.inactiveConnections = found.inactiveConnections;
}

// ----- The client -----

class NetlinkIpvsClient final : public IpvsClient {
 public:
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
  os::Result<std::span<const std::uint8_t>> receive(const char* operation);
  /// One request on the socket that there is; `each` hears the messages up to the result.
  template <typename Build, typename Each>
  os::Status exchange(const char* operation, Build build, Each each);
  /// One request; what was interrupted, or lost, is repeated. `begin` forgets what `each` heard.
  template <typename Build, typename Begin, typename Each>
  os::Status ask(const char* operation, Build build, Begin begin, Each each);
  os::Status dumpDestinations(ipvs::StandingService& service);
  os::Status carryOutBatch(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes);

  std::optional<os::NetlinkSocket> socket_;
  std::uint16_t family_ = 0;
  std::uint32_t sequence_ = 0;
  std::array<std::uint8_t, kMaxBatch * wire::kMaxIpvsRequest + wire::kNetlinkHeaderSize> request_{};
  std::string table_;
};

os::Status NetlinkIpvsClient::connect() {
  if (socket_) return {};
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::open(os::NetlinkProtocol::Generic);
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

os::Result<std::span<const std::uint8_t>> NetlinkIpvsClient::receive(const char* operation) {
  auto datagram = socket_->receive();
  if (datagram.ok() && datagram.value().empty()) return os::Error{operation, ETIMEDOUT};
  return datagram;
}

template <typename Build, typename Each>
os::Status NetlinkIpvsClient::exchange(const char* operation, Build build, Each each) {
  const std::uint32_t sequence = ++sequence_;
  NetlinkBuilder builder(request_);
  if (!build(builder, sequence)) return os::Error{operation, EMSGSIZE};
  if (const os::Status sent = socket_->send(builder.bytes()); !sent.ok()) return sent;
  bool interrupted = false;
  for (;;) {
    const auto datagram = receive(operation);
    if (!datagram.ok()) return datagram.error();
    wire::NetlinkMessages messages(datagram.value());
    for (NetlinkMessage message; messages.next(message);) {
      if (message.sequence != sequence) continue;
      interrupted |= message.isDumpInterrupted();
      if (const auto result = wire::parseNetlinkResult(message)) {
        const int error = result->error == 0 && interrupted ? EINTR : result->error;
        return error == 0 ? os::Status() : os::Error{operation, error};
      }
      each(message);
    }
    if (messages.malformed()) return os::Error{operation, EBADMSG};
  }
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

os::Status NetlinkIpvsClient::dumpDestinations(ipvs::StandingService& service) {
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

os::Result<std::vector<ipvs::StandingService>> NetlinkIpvsClient::dump() {
  std::vector<ipvs::StandingService> services;
  const auto build = [this](NetlinkBuilder& builder, std::uint32_t sequence) { return wire::buildServiceDump(builder, family_, sequence); };
  const auto take = [&](const NetlinkMessage& message) {
    if (auto found = wire::parseIpvsService(message, family_)) {
      services.push_back({found->key, std::move(found->settings), {}, found->statistics});
    }
  };
  if (const os::Status listed = ask("list IPVS services", build, [&] { services.clear(); }, take); !listed.ok()) return listed.error();
  for (ipvs::StandingService& service : services) {
    if (const os::Status listed = dumpDestinations(service); !listed.ok()) return listed.error();
  }
  return services;
}

os::Result<std::vector<ipvs::StandingService>> NetlinkIpvsClient::glance() {
  if (const os::Status status = readTable(table_); !status.ok()) return status.error();
  std::vector<ipvs::StandingService> services;
  wire::IpvsProcEntries entries(table_);
  for (wire::IpvsProcEntry entry; entries.next(entry);) {
    std::visit([&](const auto& found) { append(services, found); }, entry);
  }
  if (entries.malformed()) return os::Error{"read /proc/net/ip_vs", EBADMSG};
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
  if (!buildEnd(builder, last)) return os::Error{"change IPVS", EMSGSIZE};
  if (const os::Status sent = socket_->send(builder.bytes()); !sent.ok()) return sent;
  for (bool ended = false; !ended;) {
    const auto datagram = receive("change IPVS");
    if (!datagram.ok()) return datagram.error();
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
    if (!answered.test(i)) outcomes[i] = interpret(operations[i], EINTR);  // which the kernel does not acknowledge
  }
  return {};
}

}  // namespace

os::Result<std::unique_ptr<IpvsClient>> IpvsClient::open() {
  auto client = std::make_unique<NetlinkIpvsClient>();
  if (const os::Status status = client->probe(); !status.ok()) return status.error();
  return std::unique_ptr<IpvsClient>(std::move(client));
}

}  // namespace aloft::kernel
