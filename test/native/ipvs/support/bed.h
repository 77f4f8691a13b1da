#pragma once
// A reconciler and a kernel in virtual time.

#include <algorithm>
#include <string>
#include <vector>

#include "ipvs/describe.h"
#include "ipvs/reconciler.h"
#include "support/modelKernel.h"

namespace aloft::ipvs {

struct Bed {
  explicit Bed(ServiceKeys ours = {}) : reconciler(std::move(ours)) {}

  void want(const Table& table) { reconciler.want(table, now); }

  /// Does all that is due at this moment, or that follows from it at once.
  void settle() {
    for (int steps = 0; step(); ++steps) ASSERT_LT(steps, 1000) << "it never comes to rest";
  }

  void run(Time duration) {
    const Time end = now + duration;
    for (settle(); reconciler.nextLook().value_or(end) < end; settle()) now = std::max(now, *reconciler.nextLook());
    now = end;
    settle();
  }

  /// The requests since the last call.
  std::vector<std::string> requests() {
    std::vector<std::string> texts;
    for (const Operation& operation : kernel.requests_) texts.push_back(describe(operation));
    kernel.requests_.clear();
    return texts;
  }

  std::vector<Event> events(Event::Kind kind) {
    std::vector<Event> taken = reconciler.takeEvents();
    std::move(taken.begin(), taken.end(), std::back_inserter(all));
    std::vector<Event> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), [kind](const Event& event) { return event.kind == kind; });
    std::erase_if(all, [kind](const Event& event) { return event.kind == kind; });
    return found;
  }

  ModelKernel kernel;
  Reconciler reconciler;
  Time now = std::chrono::hours(1);
  Time glanceCost = std::chrono::microseconds(100);
  bool reachable = true;
  int dumps = 0;
  int glances = 0;
  std::vector<Event> all;

 private:
  bool step() {
    const auto work = reconciler.work();
    if (!work.empty()) {
      std::vector<int> outcomes;
      for (const Operation& operation : work) outcomes.push_back(kernel.carryOut(operation));
      reconciler.carriedOut(outcomes, now);
      return true;
    }
    const auto look = reconciler.look(now);
    if (look == Reconciler::Look::None) return false;
    if (!reachable) {
      reconciler.blind(now);
    } else if (look == Reconciler::Look::Dump) {
      ++dumps;
      reconciler.dumped(kernel.dump(), std::chrono::milliseconds(1), now);
    } else {
      ++glances;
      reconciler.glanced(kernel.glance(), glanceCost, now);
    }
    return true;
  }
};

}  // namespace aloft::ipvs
