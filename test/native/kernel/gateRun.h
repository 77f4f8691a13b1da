#pragma once
// The gate's programs on single frames: the kernel runs them on what it is given (BPF_PROG_TEST_RUN), and nothing is attached anywhere.

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/gate.h"
#include "kernel/gateProgram.h"
#include "os/bpf.h"

namespace aloft::kernel {

using Frame = std::vector<std::uint8_t>;

struct GateRun {
  int verdict = 0;
  Frame frame;           ///< as the program left it
  std::uint32_t ns = 0;  ///< of one run
};

/// The frames come by the loopback, whose MAC is all zeros.
inline constexpr std::uint32_t kRunLink = 1;
inline constexpr wire::MacAddress kRunMac{};
inline constexpr int kRedirect = 7;  // TC_ACT_REDIRECT

class GateRunner {
 public:
  /// Null where bpf(2) is not permitted.
  static std::unique_ptr<GateRunner> create() {
    auto slots = os::BpfArray::create({"slots", 0, sizeof(GateSlot), 8});
    auto addresses = os::BpfHash<GateAddressKey, GateAddressValue>::create("addresses", 70000);
    auto macs = os::BpfHash<GateMacKey, std::uint32_t>::create("macs", 16);
    auto links = os::BpfHash<std::uint32_t, GateLinkValue>::create("links", 16);
    if (!slots.ok() || !addresses.ok() || !macs.ok() || !links.ok()) return nullptr;
    return std::unique_ptr<GateRunner>(
        new GateRunner(std::move(slots.value()), std::move(addresses.value()), std::move(macs.value()), std::move(links.value())));
  }

  GateSlot& slot(std::uint32_t index) { return static_cast<GateSlot*>(slots.data())[index]; }
  void assign(const wire::IpAddress& address, std::uint32_t slot, bool answer = false, std::uint32_t ifindex = kRunLink) {
    ASSERT_TRUE(addresses.set(gateKey(ifindex, address), {slot, answer ? kGateAnswers : 0}).ok());
  }
  void own(const wire::MacAddress& mac, std::uint32_t ifindex = kRunLink) {
    GateMacKey key{ifindex, {}, {}};
    std::copy(mac.begin(), mac.end(), key.mac);
    ASSERT_TRUE(macs.set(key, 0).ok());
  }
  void describeLink(const wire::MacAddress& mac, std::uint32_t slot = kNoGateSlot, std::uint32_t ifindex = kRunLink) {
    GateLinkValue value{{}, {}, slot};
    std::copy(mac.begin(), mac.end(), value.mac);
    ASSERT_TRUE(links.set(ifindex, value).ok());
  }

  GateRun run(GateProgram program, std::span<const std::uint8_t> frame, std::uint32_t repeat = 1) {
    const int fd = load(program);
    GateRun result;
    result.frame.resize(frame.size() + 256);
    bpf_attr attributes{};
    attributes.test.prog_fd = static_cast<std::uint32_t>(fd);
    attributes.test.data_in = reinterpret_cast<std::uintptr_t>(frame.data());
    attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
    attributes.test.data_out = reinterpret_cast<std::uintptr_t>(result.frame.data());
    attributes.test.data_size_out = static_cast<std::uint32_t>(result.frame.size());
    attributes.test.repeat = repeat;
    EXPECT_EQ(syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes), 0) << strerror(errno);
    result.verdict = static_cast<int>(attributes.test.retval);
    result.frame.resize(attributes.test.data_size_out);
    result.ns = attributes.test.duration;
    return result;
  }
  int verdict(GateProgram program, std::span<const std::uint8_t> frame) { return run(program, frame).verdict; }

  os::BpfHash<GateAddressKey, GateAddressValue> addresses;

 private:
  using Macs = os::BpfHash<GateMacKey, std::uint32_t>;
  using Links = os::BpfHash<std::uint32_t, GateLinkValue>;

  GateRunner(os::BpfArray slots, os::BpfHash<GateAddressKey, GateAddressValue> addresses, Macs macs, Links links)
      : addresses(std::move(addresses)), slots(std::move(slots)), macs(std::move(macs)), links(std::move(links)) {}

  int load(GateProgram program) {
    os::Fd& fd = programs[static_cast<int>(program)];
    if (fd.valid()) return fd.get();
    std::string log;
    auto loaded = os::loadBpfFilter("test", "Apache-2.0", assembleGate(program, {slots.fd(), addresses.fd(), macs.fd(), links.fd()}), &log);
    EXPECT_TRUE(loaded.ok()) << log;
    fd = std::move(loaded.value());
    return fd.get();
  }

  os::BpfArray slots;
  Macs macs;
  Links links;
  os::Fd programs[3];
};

}  // namespace aloft::kernel
