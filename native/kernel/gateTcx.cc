#include "kernel/gateTcx.h"

#include <algorithm>
#include <cerrno>

#include "os/tcx.h"

namespace aloft::kernel {
namespace {

/// While others change something at the same time.
constexpr int kAttempts = 16;

/// Takes off what `unwanted` says of a program's number.
template <typename Unwanted>
os::Status remove(std::uint32_t ifindex, wire::Direction direction, const Unwanted& unwanted) {
  os::Status status;
  for (int failures = 0; failures < kAttempts;) {
    const os::TcxPrograms programs = os::tcxPrograms(ifindex, direction);
    const auto it = std::find_if(programs.ids.begin(), programs.ids.end(), unwanted);
    if (it == programs.ids.end()) return {};
    status = os::detachTcx(ifindex, direction, programs, static_cast<std::size_t>(it - programs.ids.begin()));
    if (status.ok()) continue;
    if (status.error().number != ESTALE && status.error().number != ENOENT) return status;
    ++failures;
  }
  return status;
}

}  // namespace

std::vector<std::uint32_t> gateProgramsInTcx(std::uint32_t ifindex, wire::Direction direction, const std::set<std::uint32_t>& ours) {
  std::vector<std::uint32_t> ids = os::tcxPrograms(ifindex, direction).ids;
  std::erase_if(ids, [&](std::uint32_t id) { return !ours.contains(id); });
  return ids;
}

bool isOvertakenInTcx(std::uint32_t ifindex, std::uint32_t ingress, std::uint32_t egress) {
  const auto isFirst = [ifindex](wire::Direction direction, std::uint32_t program) {
    const std::vector<std::uint32_t> ids = os::tcxPrograms(ifindex, direction).ids;
    return ids.empty() || ids.front() == program;
  };
  return !isFirst(wire::Direction::Ingress, ingress) || !isFirst(wire::Direction::Egress, egress);
}

os::Result<bool> putGateInTcx(std::uint32_t ifindex, wire::Direction direction, const LoadedProgram& program,
                              const std::set<std::uint32_t>& ours) {
  const std::vector<std::uint32_t> ids = os::tcxPrograms(ifindex, direction).ids;
  const bool alone = std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return ours.contains(id); });
  const bool put = !alone && ids.front() != program.id;
  if (put) {
    // Somebody came before it since; it cannot be attached twice.
    const os::Status removed = remove(ifindex, direction, [&](std::uint32_t id) { return id == program.id; });
    if (!removed.ok()) return removed.error();
    const os::Status attached = os::attachTcxFirst(ifindex, direction, program.fd);
    if (!attached.ok()) return attached.error();
  }
  const os::Status tidied = remove(ifindex, direction, [&](std::uint32_t id) { return ours.contains(id) && (alone || id != program.id); });
  if (!tidied.ok()) return tidied.error();
  return put;
}

os::Status removeGateFromTcx(std::uint32_t ifindex, wire::Direction direction, const std::set<std::uint32_t>& ours) {
  return remove(ifindex, direction, [&](std::uint32_t id) { return ours.contains(id); });
}

}  // namespace aloft::kernel
