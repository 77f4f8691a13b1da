#pragma once
// Who else there is beside the gate: other programs, other gates, and less privileged processes.

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>

#include "gateBed.h"
#include "os/bpf.h"

namespace aloft::kernel {

/// A program of somebody else: counts what it sees in a map and returns `verdict`.
class ForeignProgram {
 public:
  explicit ForeignProgram(int verdict) : counter_(std::move(os::BpfArray::create({"foreign", 0, 8, 1}).value())) {
    using R = wire::EbpfRegister;
    using Size = wire::EbpfSize;
    wire::EbpfAssembler a;
    const auto done = a.label();
    a.storeValue(Size::Word, R::Frame, -4, 0);
    a.loadMap(R::R1, counter_.fd());
    a.move(R::R2, R::Frame);
    a.compute(wire::EbpfOperation::Add, R::R2, -4);
    a.call(1);  // map_lookup_elem
    a.jumpIf(wire::EbpfCondition::Equal, R::R0, 0, done);
    a.set(R::R1, 1);
    a.addAtomically(Size::Double, R::R0, 0, R::R1);
    a.bind(done);
    a.set(R::R0, verdict);
    a.exit();
    program_ = std::move(os::loadBpfFilter("foreign", "Apache-2.0", *a.finish(), nullptr).value());
  }

  int fd() const { return program_.get(); }
  std::uint64_t seen() const { return static_cast<std::atomic<std::uint64_t>*>(counter_.data())->load(); }

 private:
  os::BpfArray counter_;
  os::Fd program_;
};

class GateAttachTest : public GateTest {
 protected:
  void put(const ForeignProgram& program, wire::Direction direction, std::uint16_t priority, std::uint32_t handle) {
    auto client = FilterClient::open();
    ASSERT_TRUE(client.ok());
    const os::Status clsact = client.value().addClsact(host_->index);
    ASSERT_TRUE(clsact.ok() || clsact.error().number == EEXIST);
    const os::Status status = client.value().put({host_->index, direction, priority, handle}, program.fd(), "foreign");
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  /// Another process's gate, as it would be when that process has set its slot and then ended.
  std::unique_ptr<Gate> successor(std::uint64_t until) {
    auto gate = Gate::open();
    EXPECT_TRUE(gate.ok());
    for (const wire::IpAddress& vip : vips_) EXPECT_TRUE(gate.value()->assign(host_->index, vip, kSlot, false).ok());
    set(gate.value()->slot(kSlot), until);
    EXPECT_TRUE(gate.value()->attach({host_->index, {host_->mac}, {}}).ok());
    return std::move(gate.value());
  }
};

inline constexpr std::uint64_t kCapBpf = 1ULL << 39, kCapNetAdmin = 1ULL << CAP_NET_ADMIN;
/// What a pod has that was given these capabilities and no others.
inline std::string withCapabilities(std::uint64_t kept, const std::function<std::string()>& body) {
  int pipes[2];
  if (pipe(pipes) != 0) return "pipe";
  const pid_t child = fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{static_cast<std::uint32_t>(kept), static_cast<std::uint32_t>(kept), 0},
                                            {static_cast<std::uint32_t>(kept >> 32), static_cast<std::uint32_t>(kept >> 32), 0}};
    const std::string said = syscall(SYS_capset, &header, data) == 0 ? body() : "capset failed";
    _exit(write(pipes[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(pipes[1]);
  std::string said(512, '\0');
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(read(pipes[0], said.data(), said.size()), 0)));
  close(pipes[0]);
  waitpid(child, nullptr, 0);
  return said;
}

}  // namespace aloft::kernel
