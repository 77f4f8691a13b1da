#include "kernel/filterClient.h"

#include <cerrno>

#include "kernel/netlinkAnswer.h"

namespace aloft::kernel {
namespace {

constexpr int kDumpAttempts = 5;

}  // namespace

os::Result<FilterClient> FilterClient::open() {
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::open();
  if (!socket.ok()) return socket.error();
  return FilterClient(std::move(socket.value()));
}

template <typename Each>
os::Status FilterClient::ask(const char* operation, const wire::NetlinkBuilder& builder, Each each) {
  if (builder.empty()) return os::Error{operation, EMSGSIZE};
  if (const os::Status sent = socket_.send(builder.bytes()); !sent.ok()) return sent;
  return hearAnswer(socket_, operation, sequence_, each);
}

os::Status FilterClient::ask(const char* operation, const wire::NetlinkBuilder& builder) {
  return ask(operation, builder, [](const wire::NetlinkMessage&) {});
}

template <typename Build, typename Begin, typename Each>
os::Status FilterClient::dump(const char* operation, Build build, Begin begin, Each each) {
  for (int attempt = 1;; ++attempt) {
    begin();
    wire::NetlinkBuilder builder(request_);
    build(builder, ++sequence_);
    const os::Status status = ask(operation, builder, each);
    if (status.ok() || status.error().number != EINTR || attempt == kDumpAttempts) return status;
  }
}

os::Result<std::vector<Filter>> FilterClient::list(std::uint32_t ifindex, wire::Direction direction) {
  std::vector<Filter> filters;
  const auto build = [&](wire::NetlinkBuilder& builder, std::uint32_t sequence) {
    wire::buildFilterDump(builder, ifindex, direction, sequence);
  };
  const auto take = [&](const wire::NetlinkMessage& message) {
    const auto filter = wire::parseFilter(message);
    // A priority as a whole is told too, even when it holds nothing any more.
    if (!filter || filter->place.handle == 0 || filter->place.ifindex != ifindex || filter->place.direction != direction) return;
    filters.push_back({filter->place, filter->protocol, std::string(filter->kind), std::string(filter->name), filter->program});
  };
  const os::Status status = dump(
      "list tc filters", build, [&] { filters.clear(); }, take);
  if (!status.ok()) return status.error();
  return filters;
}

os::Result<bool> FilterClient::hasClsact(std::uint32_t ifindex) {
  bool found = false;
  const auto build = [&](wire::NetlinkBuilder& builder, std::uint32_t sequence) { wire::buildQdiscDump(builder, ifindex, sequence); };
  const auto take = [&](const wire::NetlinkMessage& message) {
    const auto qdisc = wire::parseQdisc(message);
    if (qdisc && qdisc->ifindex == ifindex && qdisc->takesFilters) found = qdisc->kind == "clsact";
  };
  const os::Status status = dump(
      "list qdiscs", build, [&] { found = false; }, take);
  if (!status.ok()) return status.error();
  return found;
}

os::Status FilterClient::addClsact(std::uint32_t ifindex) {
  wire::NetlinkBuilder builder(request_);
  wire::buildAddClsact(builder, ifindex, ++sequence_);
  return ask("add qdisc clsact", builder);
}

os::Status FilterClient::removeClsact(std::uint32_t ifindex) {
  wire::NetlinkBuilder builder(request_);
  wire::buildRemoveClsact(builder, ifindex, ++sequence_);
  return ask("remove qdisc clsact", builder);
}

os::Status FilterClient::put(const wire::FilterPlace& place, int program, std::string_view name) {
  wire::NetlinkBuilder builder(request_);
  wire::buildPutBpfFilter(builder, place, program, name, ++sequence_);
  return ask("put tc filter", builder);
}

os::Status FilterClient::remove(const wire::FilterPlace& place) {
  wire::NetlinkBuilder builder(request_);
  wire::buildRemoveBpfFilter(builder, place, ++sequence_);
  return ask("remove tc filter", builder);
}

}  // namespace aloft::kernel
