#pragma once
// What can be asked of the kernel in a batch, and what it answers. Values only.

#include <cstdint>
#include <string>
#include <variant>

#include "kernel/addressBook.h"
#include "kernel/linkTable.h"
#include "wire/route.h"
#include "wire/rule.h"

namespace aloft::kernel {

struct RouteOperation {
  bool add = true;
  wire::Route route;
  friend bool operator==(const RouteOperation&, const RouteOperation&) = default;
};

struct RuleOperation {
  bool add = true;
  wire::Rule rule;
  friend bool operator==(const RuleOperation&, const RuleOperation&) = default;
};

/// Sets a link up or down.
struct LinkOperation {
  bool up = true;
  std::uint32_t ifindex = 0;
  friend bool operator==(const LinkOperation&, const LinkOperation&) = default;
};

using Operation = std::variant<AddressOperation, RouteOperation, RuleOperation, LinkOperation>;

/// What the kernel answered to one operation.
struct Outcome {
  /// 0 when all is as wanted now, also when it was so before; else the errno.
  int error = 0;
  /// Of what was to be added: it stood there already, whoever set it.
  bool existed = false;
  /// Of an IPv6 address that was replaced: hostRoute() stands in for it until it is removed. The kernel acknowledges such an address before
  /// it uses it; when it does it tells of it.
  bool standIn = false;
};

/// How many messages it takes.
std::size_t costOf(const Operation& operation);
/// Normalizes the kernel's answer (an errno, 0 for none): to add what is there and to remove what is not are successes.
Outcome interpret(const Operation& operation, int error);

/// "add address", "remove route", …: what was tried.
std::string nameOf(const Operation& operation);
/// "add 192.0.2.10/24 to eth0", "remove route 10.0.0.0/8 via 192.0.2.1 dev eth0": what was tried, on what. Interfaces by name where known.
std::string describe(const Operation& operation, const LinkTable& links);
std::string describe(const wire::Route& route, const LinkTable& links);
std::string describe(const wire::Rule& rule);

/// The local route that a host route is, or that stands in for an address while it is replaced.
wire::Route hostRoute(const wire::IpAddress& address);

}  // namespace aloft::kernel
