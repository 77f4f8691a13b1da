#pragma once
// What a predecessor left in the kernel. Pure.

#include <string>
#include <utility>
#include <vector>

#include "kernel/linkTable.h"
#include "kernel/routeClient.h"
#include "runtime/entryWorker.h"
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

  /// At the first configuration: enters what stands in the kernel and is ours into the inventory, for the virtual router that it belongs to
  /// now, or for nobody. Addresses are ours by journal and mark, host routes by journal and protocol, routes and rules by their protocol.
  /// Does nothing when called again: the journal is of the past.
  void adopt(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments, Inventory& inventory);
  bool adopted() const { return adopted_; }
  /// The owners of what adopt() found, once: kNobody among them when something is to be removed.
  std::vector<kernel::Owner> takeOwners() { return std::exchange(owners_, {}); }
  bool kernelMarks() const { return kernelMarks_; }

 private:
  void adoptAddresses(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments,
                      kernel::AddressBook& book);
  void adoptRoutes(const kernel::LinkTable& links, const kernel::RouteDump& routes, const Assignments& assignments, Inventory& inventory);
  void note(kernel::Owner owner);

  std::vector<JournalEntry> journal_;
  bool kernelMarks_;
  bool adopted_ = false;
  std::vector<kernel::Owner> owners_;
};

}  // namespace aloft::runtime
