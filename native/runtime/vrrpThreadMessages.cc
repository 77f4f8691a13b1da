// What the other threads say: reports of the actuator, commands of the caller.

#include <algorithm>
#include <utility>

#include "runtime/routerRecord.h"
#include "runtime/vrrpThread.h"

namespace aloft::runtime {
namespace {

/// How much of each kind one round takes, so that the timers wait for a millisecond at most.
constexpr std::size_t kReportsPerRound = 256;
constexpr std::size_t kChecksPerRound = 128;

}  // namespace

void VrrpThread::takeReports() {
  std::size_t budget = kReportsPerRound;
  for (Report report; budget > 0 && channels_.reports.pop(report); --budget) take(report);
  backlog_ |= budget == 0;
  flush();
}

void VrrpThread::take(const Report& report) {
  switch (report.kind) {
    case Report::Kind::Link:
      engine_.handleLink(report.link, now_);
      break;
    case Report::Kind::LinkRemoved:
      engine_.handleLinkRemoved(report.ifindex, now_);
      break;
    case Report::Kind::Source:
      engine_.handleCheck(report.source, now_);
      break;
    case Report::Kind::Actuated:
      engine_.handleActuated(report.actuated, now_);
      break;
    case Report::Kind::Sockets: {
      Order retired{Order::Kind::Retired};
      retired.sockets = io_.replace(report.sockets);
      orderReliably(retired);
      break;
    }
    case Report::Kind::Ready:
      ready_ = report.generation;
      break;
  }
  drainEffects();
}

void VrrpThread::takeCommands() {
  takeChecks();
  for (Command command; !finished_ && checks_ == nullptr && channels_.commands.pop(command);) {
    take(command);
    takeChecks();
  }
  flush();
}

void VrrpThread::take(const Command& command) {
  checks_ = command.checks;
  nextCheck_ = 0;
  switch (command.kind) {
    case Command::Kind::Configure: {
      Order discarded{Order::Kind::Discarded};
      discarded.table = pending_.table;
      if (discarded.table != nullptr) orderReliably(discarded);
      pending_ = {command.table, command.generation, now_ + command.patience, command.unknownRouters};
      break;
    }
    case Command::Kind::Checks:
      break;
    case Command::Kind::Snapshot:
      configurePending();
      fill(*command.snapshot);
      command.snapshot->filled.store(true, std::memory_order_release);
      channels_.snapshotWake.notify();
      break;
    case Command::Kind::Shutdown:
      stopping_ = command.keepAddresses;
      engine_.shutdown(command.keepAddresses ? vrrp::Shutdown::Keep : vrrp::Shutdown::HandOver, now_);
      drainEffects();
      break;
  }
}

/// A batch may be large: what is left waits for the next round, and the commands behind it with it.
void VrrpThread::takeChecks() {
  if (checks_ == nullptr) return;
  const std::size_t end = std::min(checks_->states.size(), nextCheck_ + kChecksPerRound);
  for (; nextCheck_ < end; ++nextCheck_) {
    engine_.handleCheck(checks_->states[nextCheck_], now_);
    drainEffects();
  }
  if (nextCheck_ < checks_->states.size()) {
    backlog_ = true;
    return;
  }
  checks_->taken.store(true, std::memory_order_release);
  checks_ = nullptr;
}

void VrrpThread::configurePending() {
  if (pending_.table == nullptr || checks_ != nullptr) return;
  if (ready_ < pending_.generation && now_ < pending_.deadline) return;
  configure(std::exchange(pending_, {}));
}

void VrrpThread::configure(const Pending& pending) {
  noteUnknown_ = pending.unknownRouters;
  if (!noteUnknown_) unknown_.clear();
  Order configured{Order::Kind::Configured};
  configured.generation = pending.generation;
  configured.table = engine_.configure(std::unique_ptr<vrrp::Table>(pending.table), now_).release();
  drainEffects();  // resignations are read from the former table
  flush();
  announcer_.configure(engine_, now_);
  channels_.configured.store(pending.generation, std::memory_order_release);
  orderReliably(configured);
}

void VrrpThread::fill(SnapshotBuffer& buffer) const {
  runtime::fill(buffer, engine_);
  for (std::size_t i = 0; i < sampled_.size(); ++i) buffer.discarded[i] += sampled_[i];
  const auto unknown = unknown_.all();
  std::copy(unknown.begin(), unknown.end(), buffer.unknownRouters.begin());
  buffer.unknownCount = unknown.size();
}

}  // namespace aloft::runtime
