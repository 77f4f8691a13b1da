#include "kernel/natTable.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <string>

#include "os/netlinkSocket.h"
#include "wire/nftables.h"

namespace aloft::kernel {
namespace {

constexpr int kDumpAttempts = 5;
constexpr std::uint32_t kSequence = 1;

using Each = std::function<void(const wire::NetlinkMessage&)>;

os::Result<os::NetlinkSocket> openSocket(std::size_t size) {
  auto socket = os::NetlinkSocket::open(os::NetlinkProtocol::Netfilter);
  if (socket.ok()) socket.value().makeRoom(size);
  return socket;
}

/// Ends with the first failure, or with the success of `last`.
os::Status await(os::NetlinkSocket& socket, const char* operation, std::uint32_t last, const Each& each = {}) {
  bool interrupted = false;
  for (;;) {
    const auto datagram = socket.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{operation, ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      interrupted |= message.isDumpInterrupted();
      const auto result = wire::parseNetlinkResult(message);
      if (result && result->error != 0) return os::Error{operation, result->error};
      if (result && message.sequence == last) return interrupted ? os::Status(os::Error{operation, EINTR}) : os::Status();
      if (!result && each) each(message);
    }
    if (messages.malformed()) return os::Error{operation, EBADMSG};
  }
}

/// The number of the message that is acknowledged.
std::uint32_t acknowledgedIn(std::span<const std::uint8_t> batch) {
  std::uint32_t last = 0;
  wire::NetlinkMessages messages(batch);
  for (wire::NetlinkMessage message; messages.next(message);) {
    if ((message.flags & wire::kNetlinkAck) != 0) last = message.sequence;
  }
  return last;
}

os::Status transact(const char* operation, std::span<const std::uint8_t> batch) {
  auto socket = openSocket(batch.size());
  if (!socket.ok()) return socket.error();
  if (const os::Status sent = socket.value().send(batch); !sent.ok()) return os::Error{operation, sent.error().number};
  return await(socket.value(), operation, acknowledgedIn(batch));
}

os::Status ask(const char* operation, const wire::NetlinkBuilder& request, const Each& each) {
  auto socket = openSocket(0);
  if (!socket.ok()) return socket.error();
  if (const os::Status sent = socket.value().send(request.bytes()); !sent.ok()) return sent;
  return await(socket.value(), operation, kSequence, each);
}

template <typename Build>
os::Status dump(const char* operation, std::uint64_t& digest, Build build, const Each& each = {}) {
  std::array<std::uint8_t, 256> buffer;
  for (int attempt = 1;; ++attempt) {
    wire::NetlinkBuilder request(buffer);
    if (!build(request)) return os::Error{operation, EMSGSIZE};
    std::uint64_t found = 0;
    const os::Status status = ask(operation, request, [&](const wire::NetlinkMessage& message) {
      found += wire::digestNft(message);
      if (each) each(message);
    });
    if (status.ok()) digest += found;
    if (status.ok() || status.error().number != EINTR || attempt == kDumpAttempts) return status;
  }
}

/// ENOENT when the table, or a set that was there a moment before, does not stand.
os::Status digestTable(std::uint64_t& digest) {
  std::vector<std::string> sets;
  const auto rules = [](wire::NetlinkBuilder& request) { return wire::buildNftRuleDump(request, kNatTableName, kSequence); };
  if (const os::Status status = dump("list rules of table inet aloft", digest, rules); !status.ok()) return status;
  const auto names = [](wire::NetlinkBuilder& request) { return wire::buildNftSetDump(request, kNatTableName, kSequence); };
  const os::Status listed = dump("list sets of table inet aloft", digest, names, [&](const wire::NetlinkMessage& message) {
    if (const auto name = wire::parseNftSetName(message); !name.empty()) sets.emplace_back(name);
  });
  if (!listed.ok()) return listed;
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());  // a dump that was repeated tells them again
  for (const std::string& set : sets) {
    const auto elements = [&](wire::NetlinkBuilder& request) { return wire::buildNftElementDump(request, kNatTableName, set, kSequence); };
    if (const os::Status status = dump("list elements of table inet aloft", digest, elements); !status.ok()) return status;
  }
  return {};
}

}  // namespace

os::Status replaceNatTable(const NatRules& rules) { return transact("write table inet aloft", buildNatTable(rules)); }

os::Status removeNatTable() {
  std::array<std::uint8_t, 256> buffer;
  wire::NftBuilder builder(buffer, kNatTableName, kSequence);
  if (!builder.beginBatch() || !builder.removeTable(true) || !builder.endBatch()) return os::Error{"remove table inet aloft", EMSGSIZE};
  const os::Status status = transact("remove table inet aloft", builder.bytes());
  return !status.ok() && status.error().number == ENOENT ? os::Status() : status;
}

os::Result<std::uint32_t> readNatGeneration() {
  std::array<std::uint8_t, 64> buffer;
  wire::NetlinkBuilder request(buffer);
  wire::buildNftGenerationRequest(request, kSequence);
  std::uint32_t generation = 0;
  const os::Status status = ask("read generation of nf_tables", request, [&](const wire::NetlinkMessage& message) {
    if (const auto found = wire::parseNftGeneration(message)) generation = *found;
  });
  if (!status.ok()) return status.error();
  return generation;
}

os::Result<NatTablePrint> readNatTable() {
  // First the number: a change while the rest is read is seen the next time.
  const auto generation = readNatGeneration();
  if (!generation.ok()) return generation.error();
  NatTablePrint print{generation.value(), 0};
  const os::Status status = digestTable(print.digest);
  if (status.ok()) return print;
  if (status.error().number == ENOENT) return NatTablePrint{generation.value(), 0};
  return status.error();
}

}  // namespace aloft::kernel
