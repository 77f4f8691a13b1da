#include "ipvs/reconciler.h"

#include <algorithm>

#include "ipvs/describe.h"
#include "ipvs/difference.h"

namespace aloft::ipvs {

void Reconciler::want(Table desired, Time now) {
  for (const Service& service : desired.services) ours_.insert(service.key);
  desired_ = std::move(desired);
  settled_ = false;
  announced_.reset();
  if (known_ || isIdle()) return plan(false, now);
  plan_.clear();
  done_ = 0;
  rhythm_.dumpAtOnce(now);
}

// ----- Looking -----

/// Nothing is wanted, and nothing of ours may stand: no reason to look.
bool Reconciler::isIdle() const {
  return !desired_ || (ours_.empty() && !desired_->managesDaemons && desired_->timeouts == wire::IpvsTimeouts());
}

Reconciler::Look Reconciler::look(Time now) const {
  if (isIdle() || !work().empty()) return Look::None;
  if (rhythm_.dumpDue(now)) return Look::Dump;
  return known_ && !ours_.empty() && rhythm_.glanceDue(now) ? Look::Glance : Look::None;
}

std::optional<Time> Reconciler::nextLook() const {
  if (isIdle()) return std::nullopt;
  return known_ && !ours_.empty() ? std::min(rhythm_.dumpAt(), rhythm_.glanceAt()) : rhythm_.dumpAt();
}

void Reconciler::glanced(const std::vector<StandingService>& glance, Time cost, Time now) {
  const bool asExpected = standing_.takeOver(glance, ours_);
  rhythm_.glanced(asExpected, cost, now);
  // What is refused has its own rhythm, and would be tried again here.
  if (asExpected && !drains_.empty() && refusals_.empty()) plan(true, now);
}

void Reconciler::dumped(Dump dump, Time cost, Time now) {
  standing_ = StandingTable(std::move(dump));
  known_ = true;
  rhythm_.dumped(cost, now);
  if (!desired_) return;
  forgetGone();
  plan(true, now);
}

void Reconciler::blind(Time now) {
  known_ = false;
  plan_.clear();
  done_ = 0;
  rhythm_.blind(now);
  if (desired_) announce(false);
}

/// What is not wanted any more and does not stand: should it come back, somebody else has made it.
void Reconciler::forgetGone() {
  if (ours_.size() == desired_->services.size()) return;
  ServiceKeys wanted;
  for (const Service& service : desired_->services) wanted.insert(service.key);
  std::erase_if(ours_, [&](const wire::IpvsServiceKey& key) { return !wanted.contains(key) && standing_.find(key) == nullptr; });
}

// ----- Working -----

void Reconciler::plan(bool seen, Time now) {
  plan_ = difference(*desired_, standing_, ours_, [&](const Service& service, const StandingDestination& destination) {
    return drains_.stays(service, destination, seen, now);
  });
  drains_.sweep();
  done_ = 0;
  seen_ = seen;
  doubted_ = false;
  failuresTold_ = 0;
  refusals_.begin();
  if (seen && settled_) noteRepairs();
  if (plan_.empty()) finish(now);
}

void Reconciler::noteRepairs() {
  constexpr std::size_t kNamed = 3;
  std::string named;
  std::size_t count = 0;
  for (const Operation& operation : plan_) {
    const auto* removal = std::get_if<RemoveDestination>(&operation);
    const bool drained = removal != nullptr && drains_.contains(removal->service, removal->destination);
    if (drained || refusals_.contains(operation)) continue;
    if (++count <= kNamed) named += (count == 1 ? "" : ", ") + describe(operation);
  }
  if (count == 0) return;
  if (count > kNamed) named += " and " + std::to_string(count - kNamed) + " more";
  rhythm_.foundChanges();
  repairs_ += count;
  repair_ = Event{Event::Kind::Repaired};
  repair_->message = named;
}

std::span<const Operation> Reconciler::work() const {
  return std::span(plan_).subspan(done_, std::min(kBatch, plan_.size() - done_));
}

void Reconciler::carriedOut(std::span<const int> outcomes, Time now) {
  for (const int outcome : outcomes) {
    const Operation& operation = plan_[done_++];
    outcome == 0 ? succeed(operation) : fail(operation, outcome);
  }
  if (done_ == plan_.size()) finish(now);
}

void Reconciler::succeed(const Operation& operation) {
  standing_.carry(operation);
  if (const auto* service = std::get_if<RemoveService>(&operation)) ours_.erase(service->key);
  const auto* removal = std::get_if<RemoveDestination>(&operation);
  if (removal == nullptr || !drains_.contains(removal->service, removal->destination)) return;
  Event& event = events_.emplace_back(Event{Event::Kind::Drained});
  event.service = removal->service;
  event.destination = removal->destination;
}

void Reconciler::fail(const Operation& operation, int error) {
  if (!seen_ && !refusals_.contains(operation)) {
    doubted_ = true;
    return;
  }
  ++failures_;
  if (!refusals_.note(operation, error) || ++failuresTold_ > kMaxFailureEvents) return;
  Event& event = events_.emplace_back(Event{Event::Kind::Failed});
  event.failure = {operation, error};
}

void Reconciler::finish(Time now) {
  plan_.clear();
  done_ = 0;
  if (doubted_) {
    known_ = false;
    return rhythm_.dumpAtOnce(now);
  }
  refusals_.end();
  settled_ = true;
  refusals_.empty() ? rhythm_.accepted() : rhythm_.refused(now);
  if (repair_) events_.push_back(*std::exchange(repair_, std::nullopt));
  announce(refusals_.empty());
}

void Reconciler::announce(bool programmed) {
  programmed_ = programmed;
  if (announced_ == programmed) return;
  announced_ = programmed;
  events_.emplace_back(Event{Event::Kind::Applied}).programmed = programmed;
}

std::vector<Operation> Reconciler::farewell() const {
  std::vector<Operation> operations;
  for (const wire::IpvsServiceKey& key : ours_) operations.push_back(RemoveService{key});
  if (desired_ && desired_->managesDaemons) {
    for (const wire::IpvsDaemon& daemon : desired_->daemons) operations.push_back(StopDaemon{daemon});
  }
  return operations;
}

}  // namespace aloft::ipvs
