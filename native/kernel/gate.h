#pragma once
// The dead-man switch: whether this node answers for its virtual addresses, and takes traffic for them, is decided by a program in the
// kernel against the kernel's own clock. Who refreshes it writes two numbers into shared memory: no lock, no system call. Programs and
// memory stay in the kernel when the process ends, however it ends, and shut by themselves.
//
// Needs Linux 5.8 (bpf_ktime_get_ns for every licence; memory-mapped arrays since 5.5, updates in batches since 5.6), CAP_BPF and
// CAP_NET_ADMIN (or CAP_SYS_ADMIN). The clock is CLOCK_MONOTONIC: it stands still while a machine is suspended or a virtual machine is
// paused.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "os/result.h"
#include "wire/ipAddress.h"

namespace aloft::kernel {

/// The last host that claimed an address of a slot as its own.
struct GateConflict {
  std::uint64_t at = 0;  ///< CLOCK_MONOTONIC, nanoseconds
  wire::MacAddress mac{};
  wire::IpAddress address;
};

/// One virtual router, shared with the kernel's program. Times are CLOCK_MONOTONIC in nanoseconds; 0: shut; UINT64_MAX: open for ever,
/// which costs the program not even a look at the clock. A new slot is shut.
struct alignas(64) GateSlot {
  // Written here, by any one thread (relaxed stores suffice), read by the program:
  /// Until then ARP requests and Neighbor Solicitations for the slot's addresses are answered, and announcements of them may leave.
  std::atomic<std::uint64_t> answerUntil;
  /// Until then traffic to the slot's addresses is accepted. Before answerUntil for who answers without taking traffic: Neighbor
  /// Solicitations and Advertisements pass nevertheless.
  std::atomic<std::uint64_t> acceptUntil;

  // Written by the program:
  /// The last foreign claim: an ARP packet, NA or NS that has one of the slot's addresses as its sender's, from a MAC that is not the
  /// link's. A BACKUP sees those of the MASTER here; it is a conflict for who is MASTER itself. Read them by conflict().
  std::atomic<std::uint64_t> conflictAt;
  std::atomic<std::uint64_t> conflictMac;         ///< the first six bytes in memory order
  std::atomic<std::uint64_t> conflictAddress[2];  ///< 16 bytes in network order, an IPv4 address as ::ffff:a.b.c.d
  // These wrap.
  std::atomic<std::uint32_t> conflicts;
  std::atomic<std::uint32_t> droppedQuestions;      ///< ARP requests and NS that came when it was shut
  std::atomic<std::uint32_t> droppedAnnouncements;  ///< ARP packets, NS and NA that were to leave when it was shut
  std::atomic<std::uint32_t> droppedPackets;        ///< IP packets that came when it was shut

  /// The last foreign claim; nothing when there was none. Of claims that come at the same instant on several CPUs the parts may be mixed.
  std::optional<GateConflict> conflict() const;
};
static_assert(sizeof(GateSlot) == 64);

/// Which slot decides on an address of a link.
struct GateAddress {
  std::uint32_t ifindex = 0;
  wire::IpAddress address;
  std::uint32_t slot = 0;
  /// The program answers ARP requests and NS for it itself, with the link's first MAC: the address is only a local route, for which the
  /// kernel would not answer on this link.
  bool answer = false;
};

/// A link whose frames the gate looks at.
struct GateLink {
  std::uint32_t ifindex = 0;
  /// All MACs under which frames of this node may appear there (of a bond also those of its ports). The first one, the link's own, is given
  /// in answers. At least one.
  std::vector<wire::MacAddress> macs;
  /// Of a link that has the virtual MAC of a virtual router: that router's slot. When both its times have passed nothing at all leaves by
  /// this link, for any frame would lead the switches to this node.
  std::optional<std::uint32_t> slot;
};

/// Actuator thread only, but for slot().
class Gate {
 public:
  static constexpr std::uint32_t kSlots = 4096;
  static constexpr std::uint32_t kMaxAddresses = 32768;

  /// Loads maps and programs, all slots shut, attached to no link yet. Where BPF is refused or too old the error says which call failed;
  /// `verifierLog` gets the kernel's words if it refused a program.
  static os::Result<std::unique_ptr<Gate>> open(std::string* verifierLog = nullptr);
  /// Closes what the process has of it. The programs stay attached and go on shutting by the slots' last times: the end of a process must
  /// not open the gate. See detachAll().
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Any thread. `index` < kSlots. Valid as long as the gate.
  GateSlot& slot(std::uint32_t index) { return slots_[index]; }

  /// Puts the programs on a link, in the place of a predecessor's if there are such: atomically, so that there is no moment without. Assign
  /// the addresses and set the slots first: an address that is not assigned is none of the gate's business and passes. Others' filters go
  /// on as before; where others have programs of tcx (Linux 6.6), which may keep packets from all filters, the gate goes before these too.
  /// Idempotent: call it again when the link's MACs changed. Waits for RTNL.
  os::Status attach(const GateLink& link);
  /// After others were at the link's filters: puts right what they removed or set before the gate, and says whether that was so. What a
  /// successor put in its place is left alone. Where attach() was never called nothing is done. Waits for
  /// RTNL.
  os::Result<bool> restore(std::uint32_t ifindex);
  /// Whether others have set programs of tcx before it since, of which no notification tells: then restore(). For looks every second: a few
  /// microseconds, and RTNL.
  bool isOvertaken(std::uint32_t ifindex) const;
  /// By which the kernel tells notifications of what the gate did to filters from those of others.
  os::Result<std::uint32_t> port() const;
  /// Takes the programs off a link and forgets its addresses; of a link that is gone only the latter. Waits for RTNL.
  os::Status detach(std::uint32_t ifindex);
  /// A graceful end: off all links that attach() named. Goes on after a failure and returns the first one.
  os::Status detachAll();
  /// For a start without a gate: takes off the link what a predecessor left there, which would keep its addresses shut.
  static os::Status removeLeftovers(std::uint32_t ifindex);

  /// Assigns or reassigns, all by one call of the kernel, without RTNL. Fails with E2BIG beyond kMaxAddresses.
  os::Status assign(std::span<const GateAddress> addresses);
  os::Status assign(std::uint32_t ifindex, const wire::IpAddress& address, std::uint32_t slot, bool answer) {
    const GateAddress one{ifindex, address, slot, answer};
    return assign({&one, 1});
  }
  /// `slot` and `answer` play no part. What is not assigned is no error.
  os::Status unassign(std::span<const GateAddress> addresses);
  os::Status unassign(std::uint32_t ifindex, const wire::IpAddress& address) {
    const GateAddress one{ifindex, address, 0, false};
    return unassign({&one, 1});
  }

 private:
  struct Kernel;
  explicit Gate(std::unique_ptr<Kernel> kernel);

  std::unique_ptr<Kernel> kernel_;
  GateSlot* slots_;
};

}  // namespace aloft::kernel
