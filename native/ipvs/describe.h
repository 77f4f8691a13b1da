#pragma once
// Keys and operations as people read them.

#include <string>

#include "ipvs/operation.h"

namespace aloft::ipvs {

/// "TCP 192.0.2.10:80", "UDP [2001:db8::10]:53", "mark 10 (IPv4)".
std::string describe(const wire::IpvsServiceKey& service);
/// "10.0.0.1:8080", "[2001:db8::1]:8080".
std::string describe(const wire::IpvsDestinationKey& destination);
/// "add service", "change destination", …: what was tried.
std::string nameOf(const Operation& operation);
/// "add service TCP 192.0.2.10:80", "remove 10.0.0.1:80 from TCP 192.0.2.10:80": on what.
std::string describe(const Operation& operation);

const char* nameOf(wire::IpvsProtocol protocol);

}  // namespace aloft::ipvs
