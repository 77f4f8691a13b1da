#include "vrrp/linkTable.h"

#include <algorithm>

namespace aloft::vrrp {

std::string_view nameOf(const LinkState& link) {
  const char* end = std::find(std::begin(link.name), std::end(link.name), '\0');
  return {link.name, static_cast<std::size_t>(end - link.name)};
}

const LinkState* LinkTable::withIndex(std::uint32_t index) const {
  const auto found = std::find_if(links_.begin(), links_.end(), [index](const LinkState& link) { return link.index == index; });
  return found == links_.end() ? nullptr : &*found;
}

const LinkState* LinkTable::withName(std::string_view name) const {
  const auto found = std::find_if(links_.begin(), links_.end(), [name](const LinkState& link) { return nameOf(link) == name; });
  return found == links_.end() ? nullptr : &*found;
}

bool LinkTable::store(const LinkState& link) {
  const auto found = std::find_if(links_.begin(), links_.end(), [&link](const LinkState& known) { return known.index == link.index; });
  if (found != links_.end()) {
    *found = link;
    return true;
  }
  if (links_.size() == kMaxLinks) return false;
  links_.push_back(link);  // within the reserved room
  return true;
}

void LinkTable::erase(std::uint32_t index) {
  const auto found = std::find_if(links_.begin(), links_.end(), [index](const LinkState& link) { return link.index == index; });
  if (found == links_.end()) return;
  *found = links_.back();
  links_.pop_back();
}

}  // namespace aloft::vrrp
