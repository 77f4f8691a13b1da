#include "kernel/routeClient.h"

#include <array>
#include <cerrno>

#include "kernel/netlinkAnswer.h"

namespace aloft::kernel {
namespace {

using Kind = AddressOperation::Kind;
using wire::NetlinkBuilder;

constexpr int kDumpAttempts = 5;
/// For a whole batch; a route with many hops may need more than its share.
constexpr std::size_t kRequestSize = 64 << 10;

/// A macvlan answers ARP for its own addresses only: else it would give the virtual MAC address for those of the link below. And it takes
/// packets of clients to which the way back leads by the link below.
constexpr std::array kMacvlanSettings = {
    wire::LinkSettingValue{wire::LinkSetting::ArpIgnore, 1},
    wire::LinkSettingValue{wire::LinkSetting::ReversePathFilter, 2},
};

bool buildAdd(NetlinkBuilder& builder, const PlacedAddress& address, std::uint32_t sequence) {
  const AddressForm& form = address.form;
  if (form.hostRoute) return wire::buildAddRoute(builder, hostRoute(address.place.prefix.address), sequence);
  const wire::AddressRequest request{address.place.ifindex, address.place.prefix, form.scope, form.label,
                                     form.broadcast,        form.withoutRoute};
  return wire::buildAddAddress(builder, request, wire::OnExisting::Refuse, sequence);
}

bool leavesStandIn(const AddressOperation& operation) {
  return operation.kind == Kind::Replace && !operation.former.form.hostRoute && !operation.address.form.hostRoute &&
         operation.address.place.prefix.address.family == wire::Family::IPv6;
}

bool buildRemove(NetlinkBuilder& builder, const PlacedAddress& address, std::uint32_t sequence) {
  if (address.form.hostRoute) return wire::buildRemoveRoute(builder, hostRoute(address.place.prefix.address), sequence);
  return wire::buildRemoveAddress(builder, address.place.ifindex, address.place.prefix, sequence);
}

bool build(NetlinkBuilder& builder, const Operation& operation, std::uint32_t sequence) {
  if (const auto* route = std::get_if<RouteOperation>(&operation)) {
    return route->add ? wire::buildAddRoute(builder, route->route, sequence) : wire::buildRemoveRoute(builder, route->route, sequence);
  }
  if (const auto* rule = std::get_if<RuleOperation>(&operation)) {
    return rule->add ? wire::buildAddRule(builder, rule->rule, sequence) : wire::buildRemoveRule(builder, rule->rule, sequence);
  }
  const auto& link = std::get<LinkOperation>(operation);
  return wire::buildRaiseLink(builder, link.ifindex, link.up, sequence);
}

}  // namespace

os::Result<RouteClient> RouteClient::open() {
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::open();
  if (!socket.ok()) return socket.error();
  const os::Result<std::uint32_t> port = socket.value().port();
  if (!port.ok()) return port.error();
  RouteClient client(std::move(socket.value()), port.value());
  client.request_.resize(kRequestSize);
  return client;
}

// ----- Asking for what there is -----

os::Status RouteClient::ask(const char* operation, const Build& build, const Each& each) {
  const std::uint32_t sequence = ++sequence_;
  NetlinkBuilder builder(request_);
  if (!build(builder, sequence)) return os::Error{operation, EMSGSIZE};
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent;
  return hearAnswer(socket_, operation, sequence, [&each](const wire::NetlinkMessage& message) {
    if (each) each(message);
  });
}

os::Result<Dump> RouteClient::dump() {
  // An interrupted dump may have skipped what stood behind an entry that went. All attempts fill one table: each skips other entries.
  Dump dump;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    dump.complete = true;
    for (const auto buildDump : {wire::buildLinkDump, wire::buildAddressDump}) {
      const os::Status status = ask("dump links and addresses", buildDump, [&dump](const wire::NetlinkMessage& message) {
        if (const auto link = wire::parseLink(message)) dump.links.apply(*link);
        if (const auto address = wire::parseAddress(message)) dump.links.apply(*address);
      });
      if (!status.ok() && status.error().number != EINTR) return status.error();
      dump.complete &= status.ok();
    }
    if (dump.complete) break;
  }
  return dump;
}

os::Result<RouteDump> RouteClient::dumpRoutes() {
  // Here an attempt that was not interrupted counts alone: a route that went meanwhile must not look as if it stood.
  for (int attempt = 1;; ++attempt) {
    RouteDump dump;
    const os::Status status = dumpEverything(dump);
    if (status.ok()) return dump;
    if (status.error().number != EINTR) return status.error();
    dump.complete = false;
    if (attempt == kDumpAttempts) return dump;
  }
}

os::Status RouteClient::dumpEverything(RouteDump& dump) {
  const auto take = [&dump](const wire::NetlinkMessage& message) {
    auto route = wire::parseRoute(message);
    if (route && route->route.protocol == wire::kAloftProtocol) dump.routes.push_back(std::move(route->route));
    auto rule = wire::parseRule(message);
    if (rule && rule->rule.protocol == wire::kAloftProtocol) dump.rules.push_back(std::move(rule->rule));
  };
  for (const wire::Family family : {wire::Family::IPv4, wire::Family::IPv6}) {
    const Build routes = [family](NetlinkBuilder& b, std::uint32_t s) { return wire::buildRouteDump(b, family, wire::kAloftProtocol, s); };
    const Build rules = [family](NetlinkBuilder& b, std::uint32_t s) { return wire::buildRuleDump(b, family, s); };
    for (const Build& build : {routes, rules}) {
      const os::Status status = ask("dump routes and rules", build, take);
      // A kernel without IPv6, or without policy rules, has none.
      const bool unknown = !status.ok() && (status.error().number == EOPNOTSUPP || status.error().number == EAFNOSUPPORT);
      if (!status.ok() && !unknown) return status;
    }
  }
  return {};
}

// ----- Batches -----

template <class Write>
void RouteClient::append(NetlinkBuilder& builder, std::size_t operation, bool decides, Write write) {
  if (!write(builder, sequence_ + 1)) return;
  ++sequence_;
  sent_.push_back({operation, decides});
}

void RouteClient::append(NetlinkBuilder& builder, const AddressOperation& operation, std::size_t index) {
  const PlacedAddress& address = operation.address;
  const PlacedAddress& former = operation.former;
  const bool replace = operation.kind == Kind::Replace;
  const auto promote = [&](std::uint32_t value) {
    const wire::LinkSettingValue setting{wire::LinkSetting::PromoteSecondaries, value};
    append(builder, index, false, [&](NetlinkBuilder& b, std::uint32_t s) {
      return wire::buildConfigureLink(b, address.place.ifindex, {&setting, 1}, s);
    });
  };
  const auto add = [&](const PlacedAddress& what, bool decides) {
    append(builder, index, decides, [&](NetlinkBuilder& b, std::uint32_t s) { return buildAdd(b, what, s); });
  };
  const auto remove = [&](const PlacedAddress& what, bool decides) {
    append(builder, index, decides, [&](NetlinkBuilder& b, std::uint32_t s) { return buildRemove(b, what, s); });
  };

  if (operation.keepSecondaries) promote(1);
  if (operation.kind == Kind::Remove) {
    remove(address, true);
  } else if (!replace || former.form.hostRoute) {
    add(address, true);
    if (replace && !address.form.hostRoute) remove(former, false);
  } else {
    // A local route stands in for the address while it is away: nothing that comes for it is refused or sent elsewhere.
    PlacedAddress standIn = address;
    standIn.form.hostRoute = true;
    add(standIn, address.form.hostRoute);
    remove(former, false);
    if (!address.form.hostRoute) add(address, true);
    if (!address.form.hostRoute && !leavesStandIn(operation)) remove(standIn, false);
  }
  if (operation.keepSecondaries) promote(0);
}

os::Status RouteClient::execute(std::span<const Operation> operations, std::span<Outcome> outcomes) {
  if (operations.empty()) return {};
  NetlinkBuilder builder(request_);
  firstSequence_ = sequence_ + 1;
  sent_.clear();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    outcomes[i] = {EMSGSIZE, false};  // unless it is asked for, and answered
    if (const auto* address = std::get_if<AddressOperation>(&operations[i])) {
      append(builder, *address, i);
    } else {
      append(builder, i, true, [&](NetlinkBuilder& b, std::uint32_t s) { return build(b, operations[i], s); });
    }
  }
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent;
  return awaitOutcomes(operations, outcomes);
}

os::Status RouteClient::awaitOutcomes(std::span<const Operation> operations, std::span<Outcome> outcomes) {
  std::size_t missing = sent_.size();
  while (missing > 0) {
    const auto datagram = socket_.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{"wait for rtnetlink", ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      const std::uint32_t index = message.sequence - firstSequence_;  // unsigned: an older sequence number wraps to a large one
      const auto result = wire::parseNetlinkResult(message);
      if (!result || index >= sent_.size()) continue;
      const Sent& sent = sent_[index];
      if (sent.decides) {
        const Operation& operation = operations[sent.operation];
        outcomes[sent.operation] = interpret(operation, result->error);
        const auto* address = std::get_if<AddressOperation>(&operation);
        outcomes[sent.operation].standIn = address != nullptr && leavesStandIn(*address);
      }
      --missing;
    }
  }
  return {};
}

// ----- Links -----

os::Result<std::vector<int>> RouteClient::askAll(const char* operation, std::span<const Build> builds) {
  NetlinkBuilder builder(request_);
  const std::uint32_t first = sequence_ + 1;
  for (const Build& build : builds) {
    if (!build(builder, ++sequence_)) return os::Error{operation, EMSGSIZE};
  }
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent.error();
  std::vector<int> errors(builds.size());
  for (std::size_t missing = builds.size(); missing > 0;) {
    const auto datagram = socket_.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{operation, ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      const auto result = wire::parseNetlinkResult(message);
      const std::uint32_t index = message.sequence - first;
      if (!result || index >= errors.size()) continue;
      errors[index] = result->error;
      --missing;
    }
  }
  return errors;
}

os::Status RouteClient::addMacvlan(const MacvlanRequest& request) {
  const char* const operation = "add macvlan";
  const std::array<Build, 4> builds = {
      [&](NetlinkBuilder& b, std::uint32_t s) {
        return wire::buildAddMacvlan(b, request.name, request.parent, request.mac, wire::MacvlanMode::Bridge, s);
      },
      [&](NetlinkBuilder& b, std::uint32_t s) { return wire::buildMarkLink(b, request.name, request.alias, s); },
      [&](NetlinkBuilder& b, std::uint32_t s) { return wire::buildConfigureLink(b, request.name, kMacvlanSettings, s); },
      [&](NetlinkBuilder& b, std::uint32_t s) { return wire::buildWithoutOwnAddress(b, request.name, s); },
  };
  const auto errors = askAll(operation, builds);
  if (!errors.ok()) return errors.error();
  if (const int created = errors.value()[0]; created != 0) return os::Error{operation, created};
  for (const std::size_t index : {1U, 2U, 3U}) {
    const int error = errors.value()[index];
    const bool withoutIPv6 = index == 3 && (error == EAFNOSUPPORT || error == EOPNOTSUPP);
    if (error == 0 || withoutIPv6) continue;
    [[maybe_unused]] const os::Status removed =
        ask(operation, [&](NetlinkBuilder& b, std::uint32_t s) { return wire::buildRemoveLink(b, request.name, s); });
    return os::Error{operation, error};
  }
  return {};
}

os::Status RouteClient::removeLink(std::uint32_t ifindex) {
  const os::Status removed = ask("remove link", [=](NetlinkBuilder& b, std::uint32_t s) { return wire::buildRemoveLink(b, ifindex, s); });
  return !removed.ok() && removed.error().number == ENODEV ? os::Status() : removed;
}

os::Status RouteClient::configureLink(std::uint32_t ifindex, std::span<const wire::LinkSettingValue> settings) {
  return ask("configure link", [&](NetlinkBuilder& b, std::uint32_t s) { return wire::buildConfigureLink(b, ifindex, settings, s); });
}

}  // namespace aloft::kernel
