#pragma once
// What the kernel refuses. It is tried again and again, and told once.

#include <set>
#include <string>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/standingTable.h"

namespace aloft::ipvs {

struct Failure {
  Operation operation;
  int error = 0;
};

class Refusals {
 public:
  /// A plan begins.
  void begin();
  /// The kernel has refused an operation of it. False when there is nothing to tell: it refused the same the last time, or the service that
  /// it belongs to.
  bool note(const Operation& operation, int error);
  /// All operations of the plan have been answered: what it refused is what is refused now.
  void end();

  bool empty() const { return failures_.empty(); }
  /// As of the last plan that came to its end; what depends on one of them is not among them.
  const std::vector<Failure>& failures() const { return failures_; }
  /// Whether it, or what it depends on, was refused then.
  bool contains(const Operation& operation) const;

 private:
  struct Round {
    std::vector<Failure> failures;
    std::set<std::string> texts;
    ServiceKeys missing;  ///< services that could not be added
  };

  Round round_;
  std::vector<Failure> failures_;
  std::set<std::string> texts_;
};

}  // namespace aloft::ipvs
