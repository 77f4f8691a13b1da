#include "runtime/checkRegistry.h"

#include <tuple>

namespace aloft::runtime {
namespace {

bool same(const vrrp::CheckState& a, const vrrp::CheckState& b) {
  return std::tie(a.up, a.hasValue, a.value) == std::tie(b.up, b.hasValue, b.value);
}

}  // namespace

CheckRegistry::Entry& CheckRegistry::entry(const std::string& name) {
  const auto [entry, isNew] = entries_.try_emplace(name);
  if (isNew) entry->second.state.check = ++last_;
  return entry->second;
}

vrrp::CheckId CheckRegistry::track(const std::string& name, Generation generation) {
  Entry& tracked = entry(name);
  tracked.tracked = generation;
  return tracked.state.check;
}

std::vector<vrrp::CheckState> CheckRegistry::statesOf(Generation generation) const {
  std::vector<vrrp::CheckState> states;
  for (const auto& [name, entry] : entries_) {
    if (entry.tracked == generation) states.push_back(entry.state);
  }
  return states;
}

std::vector<vrrp::CheckState> CheckRegistry::report(std::span<const CheckResult> results) {
  std::vector<vrrp::CheckState> changed;
  for (const CheckResult& result : results) {
    Entry& known = entry(result.name);
    const vrrp::CheckState state{known.state.check, result.up, result.value.has_value(), result.value.value_or(0)};
    if (known.tracked != 0 && !same(known.state, state)) changed.push_back(state);
    known.state = state;
  }
  return changed;
}

const vrrp::CheckState* CheckRegistry::find(const std::string& name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : &entry->second.state;
}

void CheckRegistry::prune(Generation generation) {
  if (entries_.size() <= kMaxUntracked) return;
  std::erase_if(entries_, [generation](const auto& entry) { return entry.second.tracked < generation; });
}

}  // namespace aloft::runtime
