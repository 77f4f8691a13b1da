#pragma once
// Settings of a link in /proc/sys/net, of the network namespace that the calling thread is in. In a container they are often readable only:
// what can be set by rtnetlink is (RouteClient::configureLink()), and the rest is best effort.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/linkRequest.h"

namespace aloft::kernel {

/// As the link has it itself; nothing when it cannot be read.
std::optional<std::uint32_t> readSetting(const std::string& link, wire::LinkSetting setting);
/// Of "all" links: many settings of a link count only if they are greater than this.
std::optional<std::uint32_t> readSettingOfAll(wire::LinkSetting setting);

/// Makes a link deaf to Router Advertisements: neither routes nor addresses by it. False where /proc/sys cannot be written.
bool ignoreRouterAdvertisements(const std::string& link);

}  // namespace aloft::kernel
