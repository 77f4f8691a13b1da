#include "tools/claims.h"

namespace aloft::tools {

Claims::Claims(const std::vector<wire::IpAddress>& addresses) {
  for (const wire::IpAddress& address : addresses) {
    if (index_.emplace(address, claims_.size()).second) claims_.push_back({address});
  }
  open_ = claims_.size();
}

Claims::Claim* Claims::find(const wire::IpAddress& address) {
  const auto found = index_.find(address);
  return found == index_.end() ? nullptr : &claims_[found->second];
}

void Claims::announced(const wire::IpAddress& address, Nanoseconds atNs) {
  Claim* const claim = find(address);
  if (claim == nullptr || claim->announcedNs != 0 || claim->answeredNs != 0) return;
  claim->announcedNs = atNs;
  claim->askedNs = 0;
  announced_.push_front(index_.at(address));
}

void Claims::answered(const wire::IpAddress& address, Nanoseconds atNs) {
  Claim* const claim = find(address);
  if (claim == nullptr || claim->answeredNs != 0) return;
  claim->answeredNs = atNs;
  --open_;
}

const Claims::Claim* Claims::nextAnnounced(Nanoseconds nowNs) {
  while (!announced_.empty()) {
    const std::size_t at = announced_.front();
    Claim& claim = claims_[at];
    if (claim.answeredNs == 0 && claim.askedNs != 0 && nowNs - claim.askedNs < kPatience) return nullptr;
    announced_.pop_front();
    if (claim.answeredNs != 0) continue;
    claim.askedNs = nowNs;
    announced_.push_back(at);
    return &claim;
  }
  return nullptr;
}

const Claims::Claim* Claims::nextInTurn(Nanoseconds nowNs) {
  if (open_ == 0) return nullptr;
  while (claims_[turn_].answeredNs != 0) turn_ = (turn_ + 1) % claims_.size();
  Claim& claim = claims_[turn_];
  turn_ = (turn_ + 1) % claims_.size();
  claim.askedNs = nowNs;
  return &claim;
}

}  // namespace aloft::tools
