#pragma once
// From desired addresses, routes and rules to entries of the kernel's tables. Pure.

#include "kernel/entries.h"
#include "runtime/desiredState.h"
#include "runtime/fields.h"

namespace aloft::runtime {

/// `interface` is where an address stands that names none itself; empty: each must.
kernel::AddressEntry toAddress(const DesiredAddress& desired, const std::string& interface, const Fields& fields);
kernel::RouteEntry toRoute(const DesiredRoute& desired, const Fields& fields);
kernel::RuleEntry toRule(const DesiredRule& desired, const Fields& fields);
/// Routes and rules of `fields`' object into `out`.
void addRouting(const std::vector<DesiredRoute>& routes, const std::vector<DesiredRule>& rules, const Fields& fields, kernel::Entries& out);

}  // namespace aloft::runtime
