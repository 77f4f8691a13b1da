#pragma once
// Which routes or rules in the kernel are ours, and for whom we hold each. Pure. Few compared with addresses: a list.

#include <algorithm>
#include <span>
#include <vector>

#include "kernel/addressBook.h"

namespace aloft::kernel {

/// `Entry` has operator==. One that several owners want stands until the last of them lets go of it.
template <class Entry>
class Ledger {
 public:
  struct Plan {
    std::vector<Entry> remove;
    std::vector<Entry> add;
  };

  /// What it takes for `owner` to have exactly `wanted`. What others have too is taken part in, and left, without an operation.
  Plan plan(Owner owner, std::span<const Entry> wanted) {
    Plan plan;
    for (Item& item : items_) {
      const bool keep = std::find(wanted.begin(), wanted.end(), item.entry) != wanted.end();
      if (keep || std::find(item.owners.begin(), item.owners.end(), owner) == item.owners.end()) continue;
      if (item.owners.size() == 1) {
        plan.remove.push_back(item.entry);
      } else {
        std::erase(item.owners, owner);
      }
    }
    for (const Entry& entry : wanted) {
      if (find(entry) == items_.end()) {
        plan.add.push_back(entry);
      } else {
        hold(owner, entry);
      }
    }
    return plan;
  }

  /// It is in the kernel and ours.
  void hold(Owner owner, const Entry& entry) {
    const auto item = find(entry);
    if (item == items_.end()) {
      items_.push_back({entry, {owner}});
    } else if (std::find(item->owners.begin(), item->owners.end(), owner) == item->owners.end()) {
      item->owners.push_back(owner);
    }
  }

  /// It is not in the kernel any more. Returns the owners that had it.
  std::vector<Owner> drop(const Entry& entry) {
    const auto item = find(entry);
    if (item == items_.end()) return {};
    std::vector<Owner> owners = std::move(item->owners);
    items_.erase(item);
    return owners;
  }

  bool holds(const Entry& entry) const {
    return std::any_of(items_.begin(), items_.end(), [&entry](const Item& item) { return item.entry == entry; });
  }
  bool empty() const { return items_.empty(); }
  std::vector<Entry> all() const {
    std::vector<Entry> entries;
    for (const Item& item : items_) entries.push_back(item.entry);
    return entries;
  }
  /// Each owner once, in no particular order.
  std::vector<Owner> owners() const {
    std::vector<Owner> owners;
    for (const Item& item : items_) owners.insert(owners.end(), item.owners.begin(), item.owners.end());
    std::sort(owners.begin(), owners.end());
    owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
    return owners;
  }

 private:
  struct Item {
    Entry entry;
    std::vector<Owner> owners;
  };

  auto find(const Entry& entry) {
    return std::find_if(items_.begin(), items_.end(), [&entry](const Item& item) { return item.entry == entry; });
  }

  std::vector<Item> items_;
};

}  // namespace aloft::kernel
