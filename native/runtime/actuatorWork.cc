// The actuator's work on addresses: orders in, jobs to the worker, answers back.

#include <algorithm>
#include <cerrno>

#include "os/clock.h"
#include "runtime/actuator.h"

namespace aloft::runtime {
namespace {

wire::IpAddress groupOf(const Assignment& assignment) {
  if (!assignment.multicastGroup.isUnspecified()) return assignment.multicastGroup;
  if (assignment.family == wire::Family::IPv4) return {wire::Family::IPv4, {224, 0, 0, 18}};
  return {wire::Family::IPv6, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}};
}

}  // namespace

void Actuator::assign(Generation generation, Assignments assignments) {
  {
    const std::lock_guard guard(lock_);
    mail_ = Mail{generation, std::move(assignments)};
  }
  channels_.actuatorWake.notify();
}

void Actuator::adoptResidue(const Assignments& assignments) {
  if (residue_.adopted()) return;
  auto routes = client_.dumpRoutes();  // when they cannot be read, none are ours
  const std::lock_guard guard(lock_);
  residue_.adopt(links_, routes.ok() ? routes.value() : kernel::RouteDump(), assignments, inventory_);
}

void Actuator::takeAssignments() {
  std::optional<Mail> mail;
  {
    const std::lock_guard guard(lock_);
    mail = std::exchange(mail_, std::nullopt);
  }
  if (!mail) return;
  setUrgent(false);
  Assignments& assignments = mail->assignments;
  virtualMacs_.configure(assignments.routers);
  linkDelays_.configure(assignments.linkDelays);
  adoptResidue(assignments);
  Interests interests;
  {
    const std::lock_guard guard(lock_);
    assignments_.clear();
    for (Assignment& assignment : assignments.routers) {
      SocketPool::Need& need = interests.sockets[{assignment.interface, assignment.family}];
      need.interface = assignment.interface;
      need.routers.set(assignment.virtualRouterId);
      need.options.unknownToo = assignments.hearAll;
      need.options.leastUnicastTtl = std::min(need.options.leastUnicastTtl, assignment.leastTtl);
      if (!assignment.unicast) need.groups.insert(groupOf(assignment));
      interests.links.insert(assignment.interface);
      interests.links.insert(assignment.virtualMacInterface);
      interests.links.insert(assignment.trackedInterfaces.begin(), assignment.trackedInterfaces.end());
      for (const kernel::AddressEntry& entry : assignment.entries.addresses) interests.links.insert(entry.interface);
      assignments_[assignment.router] = std::move(assignment);
    }
    always_ = std::move(assignments.always);
    keepAlways_ = assignments.keepAlways;
    std::erase_if(problems_, [this](const auto& problem) {
      return problem.first.first != kernel::kStatic && !assignments_.contains(problem.first.first);
    });
  }
  takeInterest(std::move(interests), mail->generation);
  want(kernel::kStatic, true);
  updateVirtualMacs();
  updateSockets();
  reportLinks();
  Report ready{Report::Kind::Ready};
  ready.generation = mail->generation;
  report(ready);
  flushReports();
}

/// The configuration before runs on until the vrrp thread takes the new one: to it, a link or a socket that went would be a fault.
void Actuator::takeInterest(Interests&& wanted, Generation generation) {
  settled_ = wanted;
  awaited_ = generation;
  wanted.sockets.merge(interests_.sockets);
  wanted.links.merge(interests_.links);
  interests_ = std::move(wanted);
}

void Actuator::loseInterest(Generation running) {
  if (!settled_ || running < awaited_) return;
  interests_ = std::move(*settled_);
  settled_.reset();
  updateSockets();
  reportLinks();
}

void Actuator::takeOrders() {
  std::vector<Order> orders;
  for (Order order; channels_.orders.pop(order);) orders.push_back(order);
  // The caller assigns before it commands: what these orders are about has been assigned by now.
  takeAssignments();
  for (const Order& order : orders) take(order);
}

void Actuator::take(const Order& order) {
  switch (order.kind) {
    case Order::Kind::Hold:
    case Order::Kind::Release:
      want(order.router, order.kind == Order::Kind::Hold);
      wanted_[order.router].asked = true;
      break;
    case Order::Kind::Reconcile:
      // What went meanwhile is not told any more: whoever holds something and is not named behind this loses it.
      for (const kernel::Owner owner : inventory_.owners()) {
        if (owner == kernel::kStatic) continue;
        want(owner, false);
        wanted_[owner].asked = true;
      }
      break;
    case Order::Kind::Configured:
      delete order.table;
      setUrgent(false);
      loseInterest(order.generation);
      // Not before: the engine has set the slots of the gate by now.
      for (const auto& [router, assignment] : assignments_) gate_.prepare(assignment, links_);
      tidy_ = false;
      reportResidue();
      break;
    case Order::Kind::Discarded:
      delete order.table;
      break;
    case Order::Kind::Retired:
      delete order.sockets;
      sockets_.retired();
      break;
    case Order::Kind::Finished:
      last_ = order;
      break;
  }
}

void Actuator::want(kernel::Owner owner, bool hold) {
  Want& want = wanted_[owner];
  want.hold = hold;
  if (!std::exchange(want.due, true)) due_.push_back(owner);
}

void Actuator::work() {
  do {
    submitDue();
    const bool any = worker_.step();
    if (any && worker_.isBusy()) setUrgent(false);
    for (const EntryAnswer& done : worker_.takeAnswers()) answer(done);
    settle();
    // What was ordered meanwhile replaces what is still to do: an address is not added to be removed again.
    takeOrders();
    if (!any && due_.empty()) break;
  } while (!last_);
  if (!tidy_) tidy();
}

void Actuator::submitDue() {
  for (const kernel::HeldAddress& address : std::exchange(yielding_, {})) worker_.renew(inventory_.addresses.ownerOf(address), address);
  // Small ones first, and of large ones no more at once than can be planned in a millisecond: the small ones do not wait for that either.
  constexpr std::size_t kPlannedAtOnce = 1000;
  constexpr std::size_t kUrgentEntries = 16;
  const auto size = [this](kernel::Owner owner) {
    const auto assignment = assignments_.find(owner);
    const std::size_t wanted = assignment == assignments_.end() ? 0 : assignment->second.entries.addresses.size();
    return std::max(wanted, inventory_.addresses.heldBy(owner).size());
  };
  std::stable_sort(due_.begin(), due_.end(), [&size](kernel::Owner a, kernel::Owner b) { return size(a) < size(b); });
  for (std::size_t planned = 0; !due_.empty() && planned < kPlannedAtOnce;) {
    const kernel::Owner owner = due_.front();
    if (planned + size(owner) > kUrgentEntries) {
      if (urgent_ && planned > 0) return;  // these first, while it is their turn
      setUrgent(false);
    }
    due_.pop_front();
    planned += 1 + size(owner);
    wanted_[owner].due = false;
    const auto assignment = assignments_.find(owner);
    if (wanted_[owner].hold && assignment != assignments_.end()) gate_.prepare(assignment->second, links_);
    worker_.submit(jobFor(owner));
  }
}

EntryJob Actuator::jobFor(kernel::Owner owner) const {
  EntryJob job{owner};
  const auto want = wanted_.find(owner);
  const auto assignment = assignments_.find(owner);
  if (assignment != assignments_.end()) job.virtualMacInterface = assignment->second.virtualMacInterface;
  if (want == wanted_.end() || !want->second.hold) return job;
  if (assignment != assignments_.end()) job.entries = &assignment->second.entries;
  if (owner == kernel::kStatic) job.entries = &always_;
  return job;
}

void Actuator::answer(const EntryAnswer& answer) {
  noteProblem(answer);
  const bool known = assignments_.contains(answer.owner);
  const bool ofAddresses = answer.part == EntryAnswer::Part::Addresses;
  // The engine asks again for addresses of virtual routers that it knows.
  if (answer.error != 0 && !(known && ofAddresses)) {
    if (failed_.empty()) failedAt_ = os::monotonicNow() + kRetryInterval;
    failed_.insert(answer.owner);
  }
  if (!ofAddresses || answer.owner == kernel::kStatic) return;
  tidy_ &= answer.held;
  lost_.erase(answer.owner);
  const bool asked = std::exchange(wanted_[answer.owner].asked, false);
  if (!known && !wanted_[answer.owner].due) wanted_.erase(answer.owner);
  if (answer.owner == kernel::kNobody || !asked) return;
  Report actuated{Report::Kind::Actuated};
  actuated.actuated = {answer.owner, answer.held, answer.error};
  report(actuated);
}

void Actuator::noteProblem(const EntryAnswer& answer) {
  {
    const std::lock_guard guard(lock_);
    if (answer.error == 0) {
      problems_.erase({answer.owner, answer.part});
      return;
    }
    std::string& problem = problems_[{answer.owner, answer.part}];
    if (problem == answer.message) return;  // the same at each retry is one event
    problem = answer.message;
  }
  CoreEvent event{CoreEvent::Kind::OperationFailed};
  event.change.router = answer.owner;
  event.operation = answer.operation;
  event.error = answer.error;
  event.message = answer.message;
  post(std::move(event));
}

void Actuator::retry() {
  worker_.removeStandIns(os::monotonicNow());
  if (failed_.empty() || os::monotonicNow() < failedAt_) return;
  for (const kernel::Owner owner : std::exchange(failed_, {})) {
    const auto want = wanted_.find(owner);
    this->want(owner, want != wanted_.end() && want->second.hold);
  }
}

void Actuator::tidy() {
  tidy_ = true;
  updateVirtualMacs();
  gate_.retain([this](vrrp::RouterId router) { return assignments_.contains(router) || !inventory_.addresses.heldBy(router).empty(); });
}

void Actuator::reportLosses() {
  const auto now = os::monotonicNow();
  for (const kernel::Owner owner : std::exchange(lost_, {})) {
    const auto want = wanted_.find(owner);
    // Its answer will tell.
    if ((want != wanted_.end() && want->second.due) || worker_.isBusyFor(owner)) continue;
    const bool wantedHeld = want != wanted_.end() && want->second.hold;
    if (owner != kernel::kStatic && owner != kernel::kNobody) {
      Report lost{Report::Kind::Actuated};
      // A part that is missing is an error; the engine hears that it is back in the next report.
      lost.actuated = {owner, !inventory_.addresses.heldBy(owner).empty(), wantedHeld ? EADDRNOTAVAIL : 0};
      report(lost);
    }
    if (!wantedHeld) continue;
    auto& reasserted = reassertedAt_[owner];
    if (now - reasserted >= kReassertInterval) {
      reasserted = now;
      this->want(owner, true);
      wanted_[owner].asked = true;
    } else if (owner == kernel::kStatic) {  // for the others the engine asks
      failed_.insert(owner);
      failedAt_ = reasserted + kReassertInterval;
    }
  }
}

void Actuator::reportResidue() {
  for (const kernel::Owner owner : residue_.takeOwners()) {
    if (owner == kernel::kNobody) {
      want(owner, false);
      continue;
    }
    if (owner == kernel::kStatic) continue;  // wanted in any case
    Report residue{Report::Kind::Actuated};
    residue.actuated = {owner, true, 0};
    report(residue);
  }
}

void Actuator::finish() {
  if (last_->keepAddresses) return;
  for (const kernel::Owner owner : inventory_.owners()) {
    if (owner == kernel::kStatic && keepAlways_) continue;
    wanted_[owner].hold = false;
    worker_.submit(jobFor(owner));
  }
  while (worker_.step()) {
  }
  worker_.removeStandIns(os::monotonicNow(), true);
  for (const EntryAnswer& done : worker_.takeAnswers()) {
    if (done.error != 0) finalStatus_ = os::Error{"remove addresses, routes and rules", done.error};
  }
  virtualMacs_.removeAll(links_);
  if (const os::Status detached = gate_.detachAll(); !detached.ok() && finalStatus_.ok()) finalStatus_ = detached;
}

}  // namespace aloft::runtime
