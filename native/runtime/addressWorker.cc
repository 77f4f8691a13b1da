#include "runtime/addressWorker.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "os/result.h"

namespace aloft::runtime {

using kernel::AddressOperation;

AddressWorker::AddressWorker(kernel::RouteClient& client, const kernel::LinkTable& links, kernel::AddressBook& book, std::mutex& lock,
                             std::function<void()> afterChunk)
    : client_(client), links_(links), book_(book), lock_(lock), afterChunk_(std::move(afterChunk)) {}

std::vector<AddressAnswer> AddressWorker::perform(std::span<const AddressJob> jobs) {
  std::vector<AddressAnswer> answers(jobs.size());
  std::vector<Step> steps = plan(jobs, answers);
  for (std::size_t start = 0; start < steps.size(); start += kernel::RouteClient::kMaxBatch) {
    const auto chunk = std::span(steps).subspan(start, std::min(kernel::RouteClient::kMaxBatch, steps.size() - start));
    execute(chunk);
    executing_ = chunk;
    afterChunk_();
    executing_ = {};
    const std::lock_guard guard(lock_);
    for (const Step& step : chunk) record(jobs[step.job], step, answers[step.job]);
  }
  const std::lock_guard guard(lock_);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    answers[i].owner = jobs[i].owner;
    answers[i].held = !book_.heldBy(jobs[i].owner).empty() || standsForeign(jobs[i]);
  }
  return answers;
}

std::vector<AddressWorker::Step> AddressWorker::plan(std::span<const AddressJob> jobs, std::vector<AddressAnswer>& answers) {
  const std::lock_guard guard(lock_);
  std::vector<Step> steps;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const AddressJob& job = jobs[i];
    const kernel::Link* link = job.wanted.empty() ? nullptr : links_.find(job.interface);
    if (link == nullptr && !job.wanted.empty()) {
      answers[i].error = ENODEV;
      answers[i].operation = "add address";
      answers[i].message = "add address to " + job.interface + ": " + os::describe(ENODEV);
    }
    const auto wanted = link == nullptr ? std::span<const wire::IpPrefix>() : std::span(job.wanted);
    for (const AddressOperation& operation : book_.plan(job.owner, link == nullptr ? 0 : link->index, wanted)) {
      steps.push_back({i, operation, {}});
    }
  }
  return steps;
}

void AddressWorker::execute(std::span<Step> chunk) {
  std::array<AddressOperation, kernel::RouteClient::kMaxBatch> operations;
  std::array<kernel::AddressOutcome, kernel::RouteClient::kMaxBatch> outcomes;
  for (std::size_t i = 0; i < chunk.size(); ++i) operations[i] = chunk[i].operation;
  const os::Status status = client_.execute(std::span(operations).first(chunk.size()), std::span(outcomes).first(chunk.size()));
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    chunk[i].outcome = status.ok() ? outcomes[i] : kernel::AddressOutcome{status.error().number, false};
  }
}

void AddressWorker::record(const AddressJob& job, const Step& step, AddressAnswer& answer) {
  const AddressOperation& operation = step.operation;
  const bool add = operation.kind == AddressOperation::Kind::Add;
  if (step.outcome.error != 0) {
    if (answer.error != 0) return;
    const kernel::Link* link = links_.find(operation.ifindex);
    const std::string interface = link == nullptr ? "interface " + std::to_string(operation.ifindex) : link->name;
    answer.error = step.outcome.error;
    answer.operation = add ? "add address" : "remove address";
    answer.message = (add ? "add " : "remove ") + wire::format(operation.prefix) + (add ? " to " : " from ") + interface + ": " +
                     os::describe(step.outcome.error);
    return;
  }
  const kernel::HeldAddress address{operation.ifindex, operation.prefix};
  if (!add) {
    book_.drop(address);
  } else if (!step.outcome.existed || standsAsOurs(operation)) {
    book_.hold(job.owner, address);
  }
}

/// What stood there before counts as ours only by its mark; an administrator's address is never ours to remove.
bool AddressWorker::standsAsOurs(const AddressOperation& operation) const {
  const kernel::Link* link = links_.find(operation.ifindex);
  const kernel::Address* address = link == nullptr ? nullptr : link->find(operation.prefix);
  return address != nullptr && address->isMarked();
}

bool AddressWorker::standsForeign(const AddressJob& job) const {
  const kernel::Link* link = job.wanted.empty() ? nullptr : links_.find(job.interface);
  if (link == nullptr) return false;
  return std::any_of(job.wanted.begin(), job.wanted.end(), [link](const wire::IpPrefix& prefix) { return link->find(prefix) != nullptr; });
}

bool AddressWorker::isOwnRemoval(const kernel::HeldAddress& address) const {
  return std::any_of(executing_.begin(), executing_.end(), [&address](const Step& step) {
    const AddressOperation& operation = step.operation;
    return operation.kind == AddressOperation::Kind::Remove && operation.ifindex == address.ifindex && operation.prefix == address.prefix;
  });
}

}  // namespace aloft::runtime
