// The actuator's work on addresses: orders in, jobs to the worker, answers back.

#include <algorithm>
#include <cerrno>

#include "os/clock.h"
#include "runtime/actuator.h"

namespace aloft::runtime {

void Actuator::assign(Generation generation, std::vector<Assignment> assignments) {
  {
    const std::lock_guard guard(lock_);
    mail_ = Mail{generation, std::move(assignments)};
  }
  channels_.actuatorWake.notify();
}

void Actuator::takeAssignments() {
  std::optional<Mail> mail;
  {
    const std::lock_guard guard(lock_);
    mail = std::exchange(mail_, std::nullopt);
    if (!mail) return;
    residue_.adopt(links_, mail->assignments, book_);
    needs_.clear();
    assignments_.clear();
    for (Assignment& assignment : mail->assignments) {
      needs_[{assignment.interface, assignment.family}].set(assignment.virtualRouterId);
      assignments_[assignment.router] = std::move(assignment);
    }
    std::erase_if(problems_, [this](const auto& problem) { return !assignments_.contains(problem.first); });
  }
  updateSockets();
  reportLinks();
  Report ready{Report::Kind::Ready};
  ready.generation = mail->generation;
  report(ready);
  flushReports();
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
      break;
    case Order::Kind::Reconcile:
      // What went meanwhile is not told any more: whoever holds something and is not named behind this loses it.
      for (const kernel::Owner owner : book_.owners()) want(owner, false);
      break;
    case Order::Kind::Configured:
      delete order.table;
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

void Actuator::want(vrrp::RouterId router, bool hold) {
  Want& want = wanted_[router];
  want.hold = hold;
  if (!std::exchange(want.due, true)) due_.push_back(router);
}

void Actuator::work() {
  while (!due_.empty()) {
    std::vector<AddressJob> jobs;
    while (!due_.empty() && jobs.size() < kernel::RouteClient::kMaxBatch) {
      jobs.push_back(jobFor(due_.front()));
      wanted_[due_.front()].due = false;
      due_.pop_front();
    }
    for (const AddressAnswer& done : worker_.perform(jobs)) answer(done);
    settle();
    // What was ordered meanwhile replaces what is still to do: an address is not added to be removed again.
    takeOrders();
  }
}

AddressJob Actuator::jobFor(vrrp::RouterId router) const {
  AddressJob job{router, "", {}};
  const auto want = wanted_.find(router);
  const auto assignment = assignments_.find(router);
  if (want == wanted_.end() || !want->second.hold || assignment == assignments_.end()) return job;
  job.interface = assignment->second.interface;
  job.wanted = assignment->second.addresses;
  return job;
}

void Actuator::answer(const AddressAnswer& answer) {
  noteProblem(answer);
  const bool known = assignments_.contains(answer.owner);
  if (answer.error != 0 && !known) {
    strays_.insert(answer.owner);
    straysAt_ = os::monotonicNow() + kRetryInterval;
  }
  if (!known && !wanted_[answer.owner].due) wanted_.erase(answer.owner);
  if (answer.owner == kernel::kNobody) return;
  lost_.erase(answer.owner);
  Report actuated{Report::Kind::Actuated};
  actuated.actuated = {answer.owner, answer.held, answer.error};
  report(actuated);
}

void Actuator::noteProblem(const AddressAnswer& answer) {
  {
    const std::lock_guard guard(lock_);
    if (answer.error == 0) {
      problems_.erase(answer.owner);
      return;
    }
    std::string& problem = problems_[answer.owner];
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

void Actuator::retryStrays() {
  if (strays_.empty() || os::monotonicNow() < straysAt_) return;
  for (const kernel::Owner owner : std::exchange(strays_, {})) want(owner, false);
}

void Actuator::reportLosses() {
  for (const kernel::Owner owner : std::exchange(lost_, {})) {
    const auto want = wanted_.find(owner);
    if (want != wanted_.end() && want->second.due) continue;  // its answer will tell
    const bool wantedHeld = want != wanted_.end() && want->second.hold;
    Report lost{Report::Kind::Actuated};
    // A part that is missing is an error, so that the engine asks for all again.
    lost.actuated = {owner, !book_.heldBy(owner).empty(), wantedHeld ? EADDRNOTAVAIL : 0};
    report(lost);
  }
}

void Actuator::reportResidue() {
  for (const kernel::Owner owner : residue_.takeOwners()) {
    if (owner == kernel::kNobody) {
      want(owner, false);
      continue;
    }
    Report residue{Report::Kind::Actuated};
    residue.actuated = {owner, true, 0};
    report(residue);
  }
}

void Actuator::finish() {
  if (last_->keepAddresses) return;
  std::vector<AddressJob> jobs;
  for (const kernel::Owner owner : book_.owners()) jobs.push_back({owner, "", {}});
  for (const AddressAnswer& done : worker_.perform(jobs)) {
    if (done.error != 0) finalStatus_ = os::Error{"remove addresses", done.error};
  }
}

}  // namespace aloft::runtime
