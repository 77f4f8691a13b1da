#include "runtime/linkDelays.h"

#include <algorithm>

namespace aloft::runtime {

void LinkDelays::configure(const std::vector<LinkDelay>& delays) {
  delays_.clear();
  for (const LinkDelay& delay : delays) delays_[delay.interface] = delay;
}

void LinkDelays::settle(std::map<std::uint32_t, vrrp::LinkState>& states, std::chrono::nanoseconds now) {
  std::erase_if(seen_, [&states](const auto& entry) { return !states.contains(entry.first); });
  nextChange_ = std::chrono::nanoseconds::max();
  for (auto& [index, link] : states) {
    Seen& seen = seen_.try_emplace(index, Seen{link.up, link.up, std::nullopt}).first->second;
    if (link.up == seen.up) {
      seen.since.reset();
      continue;
    }
    const std::chrono::nanoseconds due = seen.since.value_or(now) + delayOf(link, seen);
    if (due <= now) {
      seen = {link.up, true, std::nullopt};
      continue;
    }
    if (!seen.since) seen.since = now;
    nextChange_ = std::min(nextChange_, due);
    link.up = seen.up;
  }
}

std::chrono::nanoseconds LinkDelays::delayOf(const vrrp::LinkState& link, const Seen& seen) const {
  const auto delay = delays_.find(link.name);
  if (delay == delays_.end() || !seen.everUp) return {};
  return link.up ? delay->second.up : delay->second.down;
}

}  // namespace aloft::runtime
