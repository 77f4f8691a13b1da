#include "runtime/entryWorker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "kernel/linkSettings.h"
#include "os/clock.h"
#include "os/result.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using kernel::AddressOperation;
using kernel::Operation;

/// A batch holds up whoever comes next, and RTNL for as long as its longest message: it is made smaller while it takes longer than this.
constexpr auto kLongBatch = 3ms;
constexpr std::size_t kSmallestBatch = 4;
/// The kernel acknowledges an IPv6 address, tells of it, and then uses it, by a thread of its own that may have to wait for its turn.
constexpr auto kStandInTime = 1s;

bool isAboutAddresses(const Operation& operation) {
  return std::holds_alternative<AddressOperation>(operation) || std::holds_alternative<kernel::LinkOperation>(operation);
}

void append(std::vector<kernel::Owner>& to, const std::vector<kernel::Owner>& owners) { to.insert(to.end(), owners.begin(), owners.end()); }

}  // namespace

std::vector<kernel::Owner> Inventory::owners() const {
  std::vector<kernel::Owner> owners = addresses.owners();
  append(owners, routes.owners());
  append(owners, rules.owners());
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return owners;
}

EntryWorker::EntryWorker(kernel::RouteClient& client, const kernel::LinkTable& links, Inventory& inventory, std::mutex& lock,
                         kernel::HostRoutesWork hostRoutesWork, std::function<void()> afterBatch)
    : client_(client),
      links_(links),
      inventory_(inventory),
      lock_(lock),
      hostRoutesWork_(std::move(hostRoutesWork)),
      afterBatch_(std::move(afterBatch)) {}

// ----- Planning -----

void EntryWorker::submit(const EntryJob& job) {
  const std::lock_guard guard(lock_);
  Task task = plan(job);
  task.order = ++submitted_;
  task.ofAddresses.owner = task.ofRoutes.owner = job.owner;
  task.ofRoutes.part = EntryAnswer::Part::RoutesAndRules;
  tasks_.insert_or_assign(job.owner, std::move(task));
}

void EntryWorker::renew(kernel::Owner owner, const kernel::HeldAddress& address) {
  const std::lock_guard guard(lock_);
  const kernel::AddressForm* form = inventory_.addresses.formOf(address);
  if (form == nullptr || tasks_.contains(owner)) return;
  const kernel::PlacedAddress placed{address, *form};
  Task task;
  addAll(task.operations, {{AddressOperation::Kind::Replace, placed, placed}});
  task.addresses = task.operations.size();
  task.order = ++submitted_;
  task.ofAddresses.owner = task.ofRoutes.owner = owner;
  task.ofRoutes.part = EntryAnswer::Part::RoutesAndRules;
  tasks_.emplace(owner, std::move(task));
}

EntryWorker::Task EntryWorker::plan(const EntryJob& job) {
  Task task;
  std::vector<std::string> missing;
  if (job.entries != nullptr) task.wanted = kernel::resolve(job.entries->addresses, links_, hostRoutesWork_, missing);
  if (!missing.empty()) {
    task.ofAddresses.error = ENODEV;
    task.ofAddresses.operation = "add address";
    task.ofAddresses.message = "add address to " + missing.front() + ": " + os::describe(ENODEV);
  }
  // Rules lead to routes and routes to addresses: what goes goes in the order rules, routes, addresses, and what comes the other way round.
  std::vector<Operation> later;
  planRoutes(job, task, task.operations, later);
  planMacvlan(job, task.operations);
  addAll(task.operations, inventory_.addresses.plan(job.owner, task.wanted));
  task.addresses = task.operations.size();
  task.operations.insert(task.operations.end(), later.begin(), later.end());
  return task;
}

void EntryWorker::planRoutes(const EntryJob& job, Task& task, std::vector<Operation>& removals, std::vector<Operation>& additions) {
  std::vector<wire::Route> routes;
  std::vector<wire::Rule> rules;
  if (job.entries != nullptr) {
    for (const kernel::RouteEntry& entry : job.entries->routes) {
      std::string missing;
      if (auto route = kernel::resolve(entry, links_, missing)) {
        routes.push_back(std::move(*route));
      } else if (task.ofRoutes.error == 0) {
        task.ofRoutes.error = ENODEV;
        task.ofRoutes.operation = "add route";
        task.ofRoutes.message = "add route " + wire::format(entry.destination) + ": interface " + missing + " does not exist";
      }
    }
    for (const kernel::RuleEntry& entry : job.entries->rules) rules.push_back(kernel::resolve(entry));
  }
  auto ofRules = inventory_.rules.plan(job.owner, rules);
  auto ofRoutes = inventory_.routes.plan(job.owner, routes);
  for (wire::Rule& rule : ofRules.remove) removals.push_back(kernel::RuleOperation{false, std::move(rule)});
  for (wire::Route& route : ofRoutes.remove) removals.push_back(kernel::RouteOperation{false, std::move(route)});
  for (wire::Route& route : ofRoutes.add) additions.push_back(kernel::RouteOperation{true, std::move(route)});
  for (wire::Rule& rule : ofRules.add) additions.push_back(kernel::RuleOperation{true, std::move(rule)});
}

/// Up before its addresses come, down before they go: a link that is down cannot tell the switches that it leaves a multicast group, by a
/// frame from the virtual MAC address, when that is another node's already.
void EntryWorker::planMacvlan(const EntryJob& job, std::vector<Operation>& operations) const {
  const kernel::Link* link = job.virtualMacInterface.empty() ? nullptr : links_.find(job.virtualMacInterface);
  const bool up = job.entries != nullptr;
  if (link != nullptr && link->raised != up) operations.push_back(kernel::LinkOperation{up, link->index});
}

void EntryWorker::addAll(std::vector<Operation>& operations, std::vector<AddressOperation> addresses) const {
  operations.reserve(operations.size() + addresses.size());
  for (AddressOperation& address : addresses) {
    protectSecondaries(address);
    operations.push_back(std::move(address));
  }
}

/// The kernel takes all secondary addresses of a subnet away with the primary one, unless told to promote them.
void EntryWorker::protectSecondaries(AddressOperation& operation) const {
  if (operation.kind == AddressOperation::Kind::Add) return;
  const kernel::PlacedAddress& goes = operation.kind == AddressOperation::Kind::Remove ? operation.address : operation.former;
  const kernel::Link* link = links_.find(goes.place.ifindex);
  const kernel::Address* address = link == nullptr || goes.form.hostRoute ? nullptr : link->find(goes.place.prefix);
  if (address == nullptr || address->isSecondary()) return;
  const bool hasSecondaries = std::any_of(link->addresses.begin(), link->addresses.end(), [&](const kernel::Address& other) {
    return other.isSecondary() && other.prefix.length == goes.place.prefix.length &&
           kernel::contains(goes.place.prefix, other.prefix.address);
  });
  if (!hasSecondaries) return;
  constexpr auto kSetting = wire::LinkSetting::PromoteSecondaries;
  const bool promotes = kernel::readSettingOfAll(kSetting).value_or(0) != 0 || kernel::readSetting(link->name, kSetting).value_or(0) != 0;
  operation.keepSecondaries = !promotes;
}

// ----- Working -----

bool EntryWorker::step() {
  std::vector<Step> batch = nextBatch();
  if (!batch.empty()) {
    const auto started = os::monotonicNow();
    execute(batch);
    const auto took = os::monotonicNow() - started;
    if (took > kLongBatch) batchSize_ = std::max(batchSize_ / 2, kSmallestBatch);
    if (took < kLongBatch / 4) batchSize_ = std::min(batchSize_ * 2, kernel::RouteClient::kMaxBatch);
    executing_ = batch;
    afterBatch_();
    executing_ = {};
  }
  const std::lock_guard guard(lock_);
  for (Step& step : batch) record(step.task->ofAddresses.owner, step);
  const bool any = !tasks_.empty();
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    finishParts(task->first, task->second);
    task = task->second.next == task->second.operations.size() ? tasks_.erase(task) : std::next(task);
  }
  return any;
}

std::vector<EntryWorker::Step> EntryWorker::nextBatch() {
  std::vector<Task*> tasks;
  for (auto& [owner, task] : tasks_) {
    if (task.next < task.operations.size()) tasks.push_back(&task);
  }
  const auto left = [](const Task* task) { return task->operations.size() - task->next; };
  std::sort(tasks.begin(), tasks.end(),
            [&](const Task* a, const Task* b) { return left(a) != left(b) ? left(a) < left(b) : a->order < b->order; });
  std::vector<Step> batch;
  std::size_t cost = 0;
  for (Task* task : tasks) {
    for (; task->next < task->operations.size(); ++task->next) {
      const Operation& operation = task->operations[task->next];
      cost += kernel::costOf(operation);
      if (cost > batchSize_ && !batch.empty()) return batch;
      batch.push_back({task, &operation, {}});
    }
  }
  return batch;
}

void EntryWorker::execute(std::vector<Step>& batch) {
  std::vector<Operation> operations;
  operations.reserve(batch.size());
  for (const Step& step : batch) operations.push_back(*step.operation);
  std::vector<kernel::Outcome> outcomes(batch.size());
  const os::Status status = client_.execute(operations, outcomes);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].outcome = status.ok() ? outcomes[i] : kernel::Outcome{status.error().number};
}

void EntryWorker::record(kernel::Owner owner, Step& step) {
  const Operation& operation = *step.operation;
  const kernel::Outcome& outcome = step.outcome;
  if (outcome.error != 0) {
    fail(isAboutAddresses(operation) ? step.task->ofAddresses : step.task->ofRoutes, operation, outcome.error);
    const auto* address = std::get_if<AddressOperation>(&operation);
    // What was to be replaced is gone all the same.
    if (address != nullptr && address->kind == AddressOperation::Kind::Replace) inventory_.addresses.drop(address->former.place);
    return;
  }
  if (const auto* address = std::get_if<AddressOperation>(&operation)) {
    recordAddress(owner, *address, outcome);
  } else if (const auto* route = std::get_if<kernel::RouteOperation>(&operation)) {
    if (!route->add) {
      inventory_.routes.drop(route->route);
    } else if (outcome.existed) {
      fail(step.task->ofRoutes, operation, EEXIST);
    } else {
      inventory_.routes.hold(owner, route->route);
    }
  } else if (const auto* rule = std::get_if<kernel::RuleOperation>(&operation)) {
    // One that existed is of our protocol.
    if (rule->add) {
      inventory_.rules.hold(owner, rule->rule);
    } else {
      inventory_.rules.drop(rule->rule);
    }
  }
}

void EntryWorker::recordAddress(kernel::Owner owner, const AddressOperation& operation, const kernel::Outcome& outcome) {
  const kernel::PlacedAddress& address = operation.address;
  if (operation.kind == AddressOperation::Kind::Remove) {
    inventory_.addresses.drop(address.place);
    return;
  }
  if (operation.kind == AddressOperation::Kind::Replace) inventory_.addresses.drop(operation.former.place);
  if (outcome.standIn) standIns_.push_back({os::monotonicNow(), address.place.prefix.address});
  if (!outcome.existed || standsAsOurs(address)) inventory_.addresses.hold(owner, address);
}

void EntryWorker::fail(EntryAnswer& answer, const Operation& operation, int error) const {
  if (answer.error != 0) return;
  answer.error = error;
  answer.operation = kernel::nameOf(operation);
  answer.message = kernel::describe(operation, links_) + ": " + os::describe(error);
  if (error == EEXIST) answer.message += ", set by somebody else: it will not be touched";
}

void EntryWorker::finishParts(kernel::Owner owner, Task& task) {
  if (task.addressesFirst && task.next >= task.addresses) {
    task.addressesFirst = false;
    task.ofAddresses.held = !inventory_.addresses.heldBy(owner).empty() || standsForeign(task);
    answers_.push_back(task.ofAddresses);
  }
  if (task.next == task.operations.size()) answers_.push_back(task.ofRoutes);
}

/// What stood there before counts as ours only by its mark; an administrator's address is never ours to remove. A local route of the form
/// that we set nobody else sets.
bool EntryWorker::standsAsOurs(const kernel::PlacedAddress& placed) const {
  if (placed.form.hostRoute) return true;
  const kernel::Link* link = links_.find(placed.place.ifindex);
  const kernel::Address* address = link == nullptr ? nullptr : link->find(placed.place.prefix);
  return address != nullptr && address->isMarked();
}

bool EntryWorker::standsForeign(const Task& task) const {
  if (task.wanted.size() > kernel::kHostRouteThreshold) return false;  // then most are ours, or failed
  return std::any_of(task.wanted.begin(), task.wanted.end(), [this](const kernel::PlacedAddress& address) {
    const kernel::Link* link = links_.find(address.place.ifindex);
    return link != nullptr && link->find(address.place.prefix) != nullptr;
  });
}

bool EntryWorker::isOwnRemoval(const kernel::HeldAddress& address) const {
  return std::any_of(executing_.begin(), executing_.end(), [&address](const Step& step) {
    const auto* operation = std::get_if<AddressOperation>(step.operation);
    if (operation == nullptr || operation->kind == AddressOperation::Kind::Add) return false;
    return operation->address.place == address || operation->former.place == address;
  });
}

void EntryWorker::removeStandIns(std::chrono::nanoseconds now, bool all) {
  for (auto standIn = standIns_.begin(); standIn != standIns_.end();) {
    if (!all && now - standIn->since < kStandInTime) {
      ++standIn;
      continue;
    }
    const Operation remove = kernel::RouteOperation{false, kernel::hostRoute(standIn->address)};
    kernel::Outcome outcome;
    [[maybe_unused]] const os::Status status = client_.execute({&remove, 1}, {&outcome, 1});
    standIn = standIns_.erase(standIn);
  }
}

}  // namespace aloft::runtime
