#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/configuration.h"
#include "runtime/messages.h"

namespace aloft::runtime {

/// Numbers of checks and what each said last, by name. Used by the caller's thread only. The engine hears of those alone that a virtual
/// router tracks; what the others say is remembered here.
class CheckRegistry {
 public:
  /// More names are remembered only while virtual routers track them.
  static constexpr std::size_t kMaxUntracked = 16384;

  /// The number of a check that `generation` tracks.
  vrrp::CheckId track(const std::string& name, Generation generation);
  /// What the engine must know before that generation: the states of all that it tracks. Who has said nothing yet counts as up.
  std::vector<vrrp::CheckState> statesOf(Generation generation) const;
  /// Remembers results; of one name the last counts. Returns what the engine must hear: changes of those that are tracked.
  std::vector<vrrp::CheckState> report(std::span<const CheckResult> results);
  /// Null when it neither is tracked nor has reported.
  const vrrp::CheckState* find(const std::string& name) const;
  /// Forgets, when there are very many, those that neither `generation` nor a later one tracks.
  void prune(Generation generation);

 private:
  struct Entry {
    vrrp::CheckState state;
    Generation tracked = 0;  ///< the last one that did
  };
  Entry& entry(const std::string& name);

  std::unordered_map<std::string, Entry> entries_;
  vrrp::CheckId last_ = 0;
};

}  // namespace aloft::runtime
