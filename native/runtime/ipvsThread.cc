#include "runtime/ipvsThread.h"

#include <algorithm>
#include <cerrno>

#include "os/clock.h"
#include "os/scheduling.h"

namespace aloft::runtime {
namespace {

constexpr int kNice = 5;
/// Of removing what is ours, when the connection to the kernel breaks.
constexpr int kAttempts = 3;

}  // namespace

os::Result<std::unique_ptr<IpvsThread>> IpvsThread::start(IpvsOptions options) {
  auto wake = os::Wakeup::open();
  if (!wake.ok()) return wake.error();
  auto thread = std::make_unique<IpvsThread>(std::move(options), std::move(wake.value()));
  const os::Status started = thread->thread_.start("aloft-ipvs", false, [raw = thread.get()] { raw->run(); });
  if (!started.ok()) {
    thread->stopped_ = started;
    return started.error();
  }
  return thread;
}

IpvsThread::IpvsThread(IpvsOptions options, os::Wakeup wake)
    : options_(std::move(options)), wake_(std::move(wake)), reconciler_(options_.owned) {}

IpvsThread::~IpvsThread() { [[maybe_unused]] const os::Status status = stop(true); }

// ----- Any thread -----

os::Status IpvsThread::apply(ipvs::Table desired) {
  {
    const std::lock_guard guard(lock_);
    if (ending_) return os::Error{"apply", ESHUTDOWN};
    mail_ = std::move(desired);
  }
  wake_.notify();
  return {};
}

IpvsSnapshot IpvsThread::snapshot() {
  std::unique_lock guard(lock_);
  const std::uint64_t ticket = ++asked_;
  wake_.notify();
  answered_.wait(guard, [&] { return answeredTo_ >= ticket || ended_; });
  return *answer_;
}

std::vector<IpvsEvent> IpvsThread::takeEvents() {
  const std::lock_guard guard(lock_);
  std::vector<IpvsEvent> taken(std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
  events_.clear();
  return taken;
}

os::Status IpvsThread::stop(bool keep) {
  const std::lock_guard once(stop_);
  if (stopped_) return *stopped_;
  {
    const std::lock_guard guard(lock_);
    ending_ = keep;
  }
  wake_.notify();
  thread_.join();
  stopped_ = finalStatus_;
  return finalStatus_;
}

// ----- The thread -----

void IpvsThread::run() {
  // A refusal costs others a little and nothing else.
  [[maybe_unused]] const os::Status nice = os::requestLowerPriority(kNice);
  while (takeMail()) {
    look();
    work();
    answer();
    tell();
    wake_.wait(waitingTime());
  }
  finish(*ending_);
}

int IpvsThread::waitingTime() const {
  if (!reconciler_.work().empty()) return 0;
  const auto next = reconciler_.nextLook();
  if (!next) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - os::monotonicNow());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

bool IpvsThread::takeMail() {
  std::optional<ipvs::Table> mail;
  {
    const std::lock_guard guard(lock_);
    if (ending_) return false;
    mail = std::exchange(mail_, std::nullopt);
  }
  if (mail) reconciler_.want(std::move(*mail), os::monotonicNow());
  return true;
}

void IpvsThread::look() {
  const auto look = reconciler_.look(os::monotonicNow());
  if (look == ipvs::Reconciler::Look::Dump) dump();
  if (look == ipvs::Reconciler::Look::Glance) glance();
}

bool IpvsThread::dump() {
  if (!reach()) return false;
  const auto begin = os::threadTime();
  auto services = client_->dump();
  if (!services.ok()) return lose(services.error()), false;
  auto daemons = client_->daemons();
  if (!daemons.ok()) return lose(daemons.error()), false;
  const auto timeouts = client_->timeouts();
  if (!timeouts.ok()) return lose(timeouts.error()), false;
  ipvs::Dump dump{std::move(services.value()), std::move(daemons.value()), timeouts.value()};
  reconciler_.dumped(std::move(dump), os::threadTime() - begin, os::monotonicNow());
  return true;
}

void IpvsThread::glance() {
  if (!reach()) return;
  const auto begin = os::threadTime();
  const auto services = client_->glance();
  if (!services.ok()) return lose(services.error());
  reconciler_.glanced(services.value(), os::threadTime() - begin, os::monotonicNow());
}

void IpvsThread::work() {
  const auto work = reconciler_.work();
  if (work.empty() || !reach()) return;
  std::vector<kernel::IpvsOutcome> outcomes(work.size(), 0);
  const os::Status status = client_->carryOut(work, outcomes);
  if (!status.ok()) return lose(status.error());
  reconciler_.carriedOut(outcomes, os::monotonicNow());
}

void IpvsThread::answer() {
  std::uint64_t asked = 0;
  {
    const std::lock_guard guard(lock_);
    if (asked_ == answeredTo_) return;
    asked = asked_;
  }
  dump();
  auto snapshot = std::make_shared<const IpvsSnapshot>(toSnapshot(reconciler_, problem_));
  {
    const std::lock_guard guard(lock_);
    answer_ = std::move(snapshot);
    answeredTo_ = asked;
  }
  answered_.notify_all();
}

void IpvsThread::tell() {
  std::vector<ipvs::Event> events = reconciler_.takeEvents();
  if (events.empty()) return;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(os::wallNow()).count();
  {
    const std::lock_guard guard(lock_);
    for (ipvs::Event& event : events) {
      std::string message = event.kind == ipvs::Event::Kind::Failed ? explain(event.failure) : event.message;
      events_.push_back({std::move(event), std::move(message), now});
      if (events_.size() > kMaxEvents) events_.pop_front();
    }
  }
  options_.notify();
}

// ----- The kernel -----

bool IpvsThread::reach() {
  if (client_) return true;
  auto opened = options_.open();
  if (!opened.ok()) return lose(opened.error()), false;
  client_ = std::move(opened.value());
  problem_.clear();
  return true;
}

void IpvsThread::lose(const os::Error& error) {
  client_.reset();
  problem_ = error.message();
  if (error.number == ENOENT) problem_ += " (the kernel has no IPVS: module ip_vs)";
  reconciler_.blind(os::monotonicNow());
}

// ----- The end -----

void IpvsThread::finish(bool keep) {
  if (!keep) finalStatus_ = removeAll();
  tell();
  IpvsSnapshot last = toSnapshot(reconciler_, "stopped");
  last.programmed = false;
  const std::lock_guard guard(lock_);
  answer_ = std::make_shared<const IpvsSnapshot>(std::move(last));
  ended_ = true;
  answered_.notify_all();
}

os::Status IpvsThread::removeAll() {
  const std::vector<ipvs::Operation> farewell = reconciler_.farewell();
  if (farewell.empty()) return {};
  std::vector<kernel::IpvsOutcome> outcomes(farewell.size());
  os::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!client_) {
      auto opened = options_.open();
      if (!opened.ok() && opened.error().number == ENOENT) return {};  // without IPVS nothing of it stands
      if (!opened.ok()) return opened.error();
      client_ = std::move(opened.value());
    }
    status = client_->carryOut(farewell, outcomes);
    if (status.ok()) break;
    client_.reset();
  }
  if (!status.ok()) return status;
  const auto failed = std::find_if(outcomes.begin(), outcomes.end(), [](int outcome) { return outcome != 0; });
  return failed == outcomes.end() ? os::Status() : os::Error{"remove IPVS services", *failed};
}

}  // namespace aloft::runtime
