#include "runtime/connectionTeller.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "os/clock.h"
#include "os/groupSender.h"
#include "os/scheduling.h"

namespace aloft::runtime {
namespace {

constexpr int kNice = 5;
/// /proc/net would be that of the process's first thread.
constexpr const char* kConnections = "/proc/thread-self/net/ip_vs_conn";
/// IPVS has these by default.
constexpr wire::IpAddress kGroup{wire::Family::IPv4, {224, 0, 0, 81}};
constexpr std::uint8_t kTtl = 1;
/// UDP and IP in front of a message.
constexpr std::size_t kHeaders4 = 28, kHeaders6 = 48;
/// What a receiver's buffer surely holds, and how long the kernel may take for it.
constexpr int kBurst = 64;
constexpr std::chrono::milliseconds kBreath{5};
/// For the last reading: an end must not take long, and of a table that takes longer most has been told before.
constexpr std::chrono::milliseconds kLastReading{500};

}  // namespace

os::Result<std::unique_ptr<ConnectionTeller>> ConnectionTeller::open() {
  auto wake = os::Wakeup::open();
  if (!wake.ok()) return wake.error();
  return std::make_unique<ConnectionTeller>(std::move(wake.value()));
}

ConnectionTeller::~ConnectionTeller() { stop(); }

// ----- Any thread -----

os::Status ConnectionTeller::use(std::optional<wire::IpvsDaemon> daemon) {
  const std::lock_guard guard(lock_);
  orders_.daemon = std::move(daemon);
  if (orders_.daemon && !started_ && !orders_.ending) {
    if (os::Status status = thread_.start("aloft-teller", false, [this] { run(); }); !status.ok()) return status;
    started_ = true;
  }
  wake_.notify();
  return {};
}

void ConnectionTeller::carry(std::set<wire::IpAddress> addresses) {
  {
    const std::lock_guard guard(lock_);
    orders_.carried = std::move(addresses);
  }
  wake_.notify();
}

void ConnectionTeller::tell() {
  std::unique_lock guard(lock_);
  if (!started_) return;
  const std::uint64_t ticket = ++orders_.asked;
  wake_.notify();
  answered_.wait(guard, [&] { return answeredTo_ >= ticket || ended_; });
}

void ConnectionTeller::stop() {
  const std::lock_guard once(stop_);
  endBy_ = os::monotonicNow() + kLastReading;
  {
    const std::lock_guard guard(lock_);
    orders_.ending = true;
  }
  wake_.notify();
  thread_.join();
}

// ----- The thread -----

void ConnectionTeller::run() {
  // A refusal costs others a little and nothing else.
  [[maybe_unused]] const os::Status nice = os::requestLowerPriority(kNice);
  for (;;) {
    Orders orders;
    {
      const std::lock_guard guard(lock_);
      orders = orders_;
    }
    follow(orders);
    {
      const std::lock_guard guard(lock_);
      answeredTo_ = std::max(answeredTo_, orders.asked);
      ended_ = orders.ending;
    }
    answered_.notify_all();
    if (orders.ending) return;
    wake_.wait(waitingTime());
  }
}

void ConnectionTeller::follow(const Orders& orders) {
  bool changed = orders.carried != carried_;
  if (orders.daemon != daemon_) {
    daemon_ = orders.daemon;
    forgetSender();
    changed = true;
  }
  // Those that it carried until now are told of once more.
  std::set<wire::IpAddress> addresses = orders.carried;
  addresses.insert(carried_.begin(), carried_.end());
  carried_ = orders.carried;
  const bool due = next_ && os::monotonicNow() >= *next_;
  const bool asked = orders.ending || orders.asked > answeredTo_;
  if (!changed && !due && !asked) return;
  const ipvs::Time begin = os::threadTime();
  if (!addresses.empty() && reach()) read(addresses);
  next_.reset();
  if (!carried_.empty() && daemon_) next_ = os::monotonicNow() + ipvs::untilTelling(os::threadTime() - begin);
}

int ConnectionTeller::waitingTime() const {
  if (!next_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next_ - os::monotonicNow());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

/// Others hear now, or the same do not know what they have missed.
void ConnectionTeller::forgetSender() {
  sender_.close();
  tellings_ = {};
}

bool ConnectionTeller::reach() {
  if (!daemon_) return false;
  if (sender_.valid()) return true;
  const wire::IpAddress group = daemon_->group.isUnspecified() ? kGroup : daemon_->group;
  const std::uint16_t port = daemon_->port == 0 ? wire::kIpvsSyncPort : daemon_->port;
  auto opened = os::openGroupSender({daemon_->interface, group, port, std::max(daemon_->ttl, kTtl)});
  if (!opened.ok()) return false;
  const auto mtu = os::readMtu(opened.value(), daemon_->interface);
  if (!mtu.ok()) return false;
  sender_ = std::move(opened.value());
  const std::size_t headers = group.family == wire::Family::IPv4 ? kHeaders4 : kHeaders6;
  const std::size_t byMtu = std::max<std::size_t>(mtu.value(), headers) - headers;
  maxSize_ = daemon_->maxLength == 0 ? byMtu : std::min<std::size_t>(byMtu, daemon_->maxLength);
  return true;
}

void ConnectionTeller::read(const std::set<wire::IpAddress>& addresses) {
  const os::Fd file(::open(kConnections, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return;
  wire::IpvsSyncMessage message(daemon_->syncId, maxSize_);
  sent_ = 0;
  tellings_.begin(addresses, os::monotonicNow());
  std::array<char, 64 << 10> part;
  std::string rest;  // of a line that goes on in the next part
  for (;;) {
    const ssize_t size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || os::monotonicNow() > endBy_.load()) break;
    rest.append(part.data(), static_cast<std::size_t>(size));
    std::string_view text = rest;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      take(text.substr(0, end), message);
      text.remove_prefix(end + 1);
    }
    rest.erase(0, rest.size() - text.size());
  }
  send(message);
  tellings_.end();
  if (!sender_.valid()) forgetSender();
}

void ConnectionTeller::take(std::string_view line, wire::IpvsSyncMessage& message) {
  const auto connection = wire::parseIpvsConnection(line);
  if (!connection || !tellings_.take(*connection) || message.add(*connection)) return;
  send(message);
  message.add(*connection);
}

void ConnectionTeller::send(wire::IpvsSyncMessage& message) {
  if (message.empty()) return;
  if (!os::send(sender_, message.bytes()).ok()) sender_.close();
  message.clear();
  if (++sent_ % kBurst == 0) os::sleepUntil(os::monotonicNow() + kBreath);
}

}  // namespace aloft::runtime
