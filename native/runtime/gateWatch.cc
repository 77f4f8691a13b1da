#include "runtime/gateWatch.h"

#include <algorithm>

namespace aloft::runtime {

void GateWatch::schedule(std::uint32_t ifindex, Link& link, Time at) {
  agenda_.erase({link.lookAt, ifindex});
  link.lookAt = at;
  agenda_.emplace(at, ifindex);
}

void GateWatch::add(std::uint32_t ifindex, Time now) {
  const auto [link, isNew] = links_.try_emplace(ifindex);
  if (isNew) schedule(ifindex, link->second, now + kLookInterval);
}

void GateWatch::remove(std::uint32_t ifindex) {
  const auto link = links_.find(ifindex);
  if (link == links_.end()) return;
  agenda_.erase({link->second.lookAt, ifindex});
  links_.erase(link);
}

void GateWatch::clear() {
  links_.clear();
  agenda_.clear();
}

void GateWatch::doubt(std::uint32_t ifindex, Time now) {
  const auto link = links_.find(ifindex);
  if (link == links_.end()) return;
  const Time at = std::max(now + kSettle, link->second.triedAt + kRestoreInterval);
  if (link->second.doubted && link->second.lookAt <= at) return;
  link->second.doubted = true;
  schedule(ifindex, link->second, at);
}

void GateWatch::doubtAll(Time now) {
  for (const auto& [ifindex, link] : links_) doubt(ifindex, now);
}

std::optional<GateWatch::Look> GateWatch::take(Time now) {
  if (next() > now) return std::nullopt;
  const std::uint32_t ifindex = agenda_.begin()->second;
  Link& link = links_[ifindex];
  const Look look{ifindex, std::exchange(link.doubted, false)};
  schedule(ifindex, link, now + kLookInterval);
  return look;
}

bool GateWatch::restored(std::uint32_t ifindex, Time now) {
  Link& link = links_[ifindex];
  link.triedAt = now;
  if (now < link.toldAt + kTellInterval) return false;
  link.toldAt = now;
  return true;
}

void GateWatch::failed(std::uint32_t ifindex, Time now) {
  Link& link = links_[ifindex];
  link.triedAt = now;
  link.doubted = true;
  schedule(ifindex, link, now + kRetryInterval);
}

}  // namespace aloft::runtime
