#pragma once
// The links of the node as the kernel last reported them, those without virtual routers included: a later configuration may name them.

#include <string_view>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::vrrp {

std::string_view nameOf(const LinkState& link);

/// Room for kMaxLinks, never more. Lookups are linear: links change rarely, and adverts do not come here.
class LinkTable {
 public:
  LinkTable() { links_.reserve(kMaxLinks); }

  const LinkState* withIndex(std::uint32_t index) const;
  const LinkState* withName(std::string_view name) const;
  /// Adds the link, or replaces the one with its index. Returns false when the table is full.
  bool store(const LinkState& link);
  void erase(std::uint32_t index);

  template <typename Action>
  void forEach(const Action& action) const {
    for (const LinkState& link : links_) action(link);
  }

 private:
  std::vector<LinkState> links_;
};

}  // namespace aloft::vrrp
