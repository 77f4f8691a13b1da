#include "runtime/dialer.h"

#include <array>

namespace aloft::runtime {
namespace {

constexpr std::size_t kBatch = 256;  // one turn of the event loop must not take long; the rest comes in the next

}  // namespace

os::Result<Dialer> Dialer::open() {
  auto epoll = os::Epoll::open();
  if (!epoll.ok()) return epoll.error();
  return Dialer(std::move(epoll.value()));
}

std::uint32_t Dialer::freeNumber() {
  do {
    ++lastNumber_;
  } while (pending_.contains(lastNumber_));
  return lastNumber_;
}

os::Result<std::uint32_t> Dialer::dial(const os::Outgoing& options, bool keep) {
  auto fd = os::openOutgoing(options);
  if (!fd.ok()) return fd.error();
  const std::uint32_t id = freeNumber();
  if (const os::Status added = epoll_.add(fd.value().get(), id, EPOLLOUT | EPOLLONESHOT); !added.ok()) return added.error();
  pending_.emplace(id, Pending{std::move(fd.value()), keep});
  return id;
}

std::vector<Dialer::Finished> Dialer::take() {
  std::array<epoll_event, kBatch> events;
  const std::size_t count = epoll_.wait(events, 0);
  std::vector<Finished> finished;
  finished.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::uint32_t>(events[i].data.u64);
    const auto found = pending_.find(id);
    if (found == pending_.end()) continue;
    auto& [fd, keep] = found->second;
    Finished& entry = finished.emplace_back(Finished{id, os::outcomeOf(fd.get()), {}});
    if (keep && entry.status.ok()) {
      epoll_.remove(fd.get());
      entry.fd = std::move(fd);
    }
    pending_.erase(found);
  }
  return finished;
}

}  // namespace aloft::runtime
