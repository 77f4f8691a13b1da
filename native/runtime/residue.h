#pragma once
// What a predecessor left in the kernel. Pure.

#include <string>
#include <utility>
#include <vector>

#include "kernel/addressBook.h"
#include "kernel/linkTable.h"
#include "runtime/messages.h"

namespace aloft::runtime {

/// An address that the caller's journal says an earlier process may have set.
struct JournalEntry {
  std::string interface;
  wire::IpPrefix prefix;
};

class Residue {
 public:
  /// `kernelMarks`: whether the kernel knows IFA_PROTO (Linux 5.18). If not, the journal alone decides.
  Residue(std::vector<JournalEntry> journal, bool kernelMarks) : journal_(std::move(journal)), kernelMarks_(kernelMarks) {}

  /// At the first configuration: enters what stands in the kernel and is ours into the book, for the virtual router that it belongs to now,
  /// or for nobody. Does nothing when called again: the journal is of the past.
  void adopt(const kernel::LinkTable& links, const std::vector<Assignment>& assignments, kernel::AddressBook& book);
  /// The owners of what adopt() found, once: kNobody among them when something is to be removed.
  std::vector<kernel::Owner> takeOwners() { return std::exchange(owners_, {}); }
  bool kernelMarks() const { return kernelMarks_; }

 private:
  std::vector<JournalEntry> journal_;
  bool kernelMarks_;
  bool adopted_ = false;
  std::vector<kernel::Owner> owners_;
};

}  // namespace aloft::runtime
