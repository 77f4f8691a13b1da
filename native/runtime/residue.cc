#include "runtime/residue.h"

#include <algorithm>

namespace aloft::runtime {
namespace {

kernel::Owner ownerOf(const JournalEntry& entry, const std::vector<Assignment>& assignments) {
  const auto owns = [&entry](const Assignment& assignment) {
    return assignment.interface == entry.interface &&
           std::find(assignment.addresses.begin(), assignment.addresses.end(), entry.prefix) != assignment.addresses.end();
  };
  const auto owner = std::find_if(assignments.begin(), assignments.end(), owns);
  return owner == assignments.end() ? kernel::kNobody : owner->router;
}

}  // namespace

void Residue::adopt(const kernel::LinkTable& links, const std::vector<Assignment>& assignments, kernel::AddressBook& book) {
  if (std::exchange(adopted_, true)) return;
  for (const JournalEntry& entry : journal_) {
    const kernel::Link* link = links.find(entry.interface);
    const kernel::Address* address = link == nullptr ? nullptr : link->find(entry.prefix);
    if (address == nullptr || (kernelMarks_ && !address->isMarked())) continue;
    const kernel::Owner owner = ownerOf(entry, assignments);
    book.hold(owner, {link->index, entry.prefix});
    if (std::find(owners_.begin(), owners_.end(), owner) == owners_.end()) owners_.push_back(owner);
  }
  journal_.clear();
}

}  // namespace aloft::runtime
