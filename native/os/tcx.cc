#include "os/tcx.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace aloft::os {
namespace {

// linux/bpf.h of Linux 6.6, which is newer than the headers that this may be compiled with.
constexpr std::uint32_t kIngress = 46;  // BPF_TCX_INGRESS
constexpr std::uint32_t kEgress = 47;   // BPF_TCX_EGRESS
constexpr std::uint32_t kBefore = 1 << 3;
constexpr std::uint32_t kAfter = 1 << 4;
constexpr std::uint32_t kById = 1 << 5;
constexpr std::size_t kMaxPrograms = 64;  // BPF_MPROG_MAX

/// union bpf_attr of BPF_PROG_ATTACH and BPF_PROG_DETACH.
struct AttachAttributes {
  std::uint32_t ifindex = 0;
  std::uint32_t program = 0;
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint32_t replaced = 0;
  std::uint32_t relative = 0;
  std::uint64_t revision = 0;
};

/// union bpf_attr of BPF_PROG_QUERY.
struct QueryAttributes {
  std::uint32_t ifindex = 0;
  std::uint32_t type = 0;
  std::uint32_t queryFlags = 0;
  std::uint32_t attachFlags = 0;
  std::uint64_t programs = 0;
  std::uint32_t count = 0;
  std::uint32_t padding = 0;
  std::uint64_t programFlags = 0;
  std::uint64_t links = 0;
  std::uint64_t linkFlags = 0;
  std::uint64_t revision = 0;
};

std::uint32_t typeOf(wire::Direction direction) { return direction == wire::Direction::Ingress ? kIngress : kEgress; }

}  // namespace

TcxPrograms tcxPrograms(std::uint32_t ifindex, wire::Direction direction) {
  std::array<std::uint32_t, kMaxPrograms> ids{};
  QueryAttributes attributes;
  attributes.ifindex = ifindex;
  attributes.type = typeOf(direction);
  attributes.programs = reinterpret_cast<std::uintptr_t>(ids.data());
  attributes.count = ids.size();
  if (syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes) != 0) return {};
  return {{ids.begin(), ids.begin() + attributes.count}, attributes.revision};
}

Status attachTcxFirst(std::uint32_t ifindex, wire::Direction direction, int program) {
  AttachAttributes attributes;
  attributes.ifindex = ifindex;
  attributes.program = static_cast<std::uint32_t>(program);
  attributes.type = typeOf(direction);
  attributes.flags = kBefore;
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes) != 0) return lastError("attach tcx program");
  return {};
}

Status detachTcx(std::uint32_t ifindex, wire::Direction direction, const TcxPrograms& programs, std::size_t position) {
  // Named by its neighbour: to name it itself takes a descriptor, which for another process's program takes CAP_SYS_ADMIN.
  AttachAttributes attributes;
  attributes.ifindex = ifindex;
  attributes.type = typeOf(direction);
  attributes.flags = position == 0 ? kBefore : kAfter | kById;
  attributes.relative = position == 0 ? 0 : programs.ids[position - 1];
  attributes.revision = programs.revision;
  if (syscall(SYS_bpf, BPF_PROG_DETACH, &attributes, sizeof attributes) != 0) return lastError("detach tcx program");
  return {};
}

}  // namespace aloft::os
