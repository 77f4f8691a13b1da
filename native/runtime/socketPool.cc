#include "runtime/socketPool.h"

#include "os/multicastSocket.h"

namespace aloft::runtime {

std::unique_ptr<SocketTable> SocketPool::update(const std::map<Key, Need>& needs) {
  bool changed = false;
  problems_.clear();
  for (auto socket = sockets_.begin(); socket != sockets_.end();) {
    if (needs.contains(socket->first)) {
      ++socket;
      continue;
    }
    closing_.push_back({std::move(socket->second.fd), version_ + 1});
    socket = sockets_.erase(socket);
    changed = true;
  }
  for (const auto& [key, need] : needs) {
    const auto socket = sockets_.find(key);
    if (socket == sockets_.end()) {
      changed |= open(key, need);
    } else if (const os::Status adjusted = adjust(key, socket->second, need); !adjusted.ok()) {
      fail(key, adjusted.error());
    }
  }
  if (!changed) return nullptr;
  ++version_;
  auto table = std::make_unique<SocketTable>();
  for (const auto& [key, socket] : sockets_) table->push_back({key.first, key.second, socket.fd.get()});
  return table;
}

bool SocketPool::open(const Key& key, const Need& need) {
  os::Result<os::Fd> fd = os::openVrrpSocket(key.second, key.first, need.interface.c_str());
  if (!fd.ok()) {
    fail(key, fd.error());
    return false;
  }
  Socket socket{std::move(fd.value()), {}};
  if (const os::Status adjusted = adjust(key, socket, need); !adjusted.ok()) {
    fail(key, adjusted.error());
    return false;
  }
  sockets_.emplace(key, std::move(socket));
  return true;
}

os::Status SocketPool::adjust(const Key& key, Socket& socket, const Need& need) {
  if (socket.need == need) return {};
  const int fd = socket.fd.get();
  std::set<wire::IpAddress>& joined = socket.need.groups;
  for (const wire::IpAddress& group : need.groups) {
    if (joined.contains(group)) continue;
    if (const os::Status status = os::joinGroup(fd, key.first, group); !status.ok()) return status;
    joined.insert(group);
  }
  for (auto group = joined.begin(); group != joined.end();) {
    if (need.groups.contains(*group)) {
      ++group;
      continue;
    }
    if (const os::Status status = os::leaveGroup(fd, key.first, *group); !status.ok()) return status;
    group = joined.erase(group);
  }
  const os::Status attached = os::attachFilter(fd, wire::vrrpFilter(key.second, need.routers, need.options));
  if (attached.ok()) socket.need = need;
  return attached;
}

void SocketPool::fail(const Key& key, const os::Error& error) { problems_.insert_or_assign(key, error); }

void SocketPool::retired() {
  ++retired_;
  std::erase_if(closing_, [this](const Closing& closing) { return closing.version <= retired_; });
}

std::string SocketPool::problem(const Key& key) const {
  const auto problem = problems_.find(key);
  return problem == problems_.end() ? "" : problem->second.message();
}

}  // namespace aloft::runtime
