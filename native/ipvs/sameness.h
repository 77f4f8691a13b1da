#pragma once
// Whether what stands is what is wanted. Not equality: the kernel fills in, or converts, what it was given, and some fields mean nothing
// without others. Whatever is held to be different here is written again at every look.

#include "wire/ipvs.h"

namespace aloft::ipvs {

bool isAsWanted(const wire::IpvsServiceSettings& wanted, const wire::IpvsServiceSettings& standing);
bool isAsWanted(const wire::IpvsDestination& wanted, const wire::IpvsDestination& standing);
/// Local is what the kernel makes of any way to reach an address of its own host.
bool isAsWanted(wire::IpvsForwarding wanted, wire::IpvsForwarding standing);
bool isAsWanted(const wire::IpvsDaemon& wanted, const wire::IpvsDaemon& standing);
/// What the kernel makes of a daemon, but for a length that was left to it, which is that of the interface.
wire::IpvsDaemon filledIn(const wire::IpvsDaemon& wanted);
bool isAsWanted(const wire::IpvsTimeouts& wanted, const wire::IpvsTimeouts& standing);

}  // namespace aloft::ipvs
