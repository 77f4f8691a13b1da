#pragma once
// The invariants of the simulated LAN.
//
// Always, whatever happens:
//   A1  Adverts come from a MASTER, or from one that takes over or leaves with them. (Node::checkAdvert)
//   A2  A process that was stopped for so long that it may have been replaced looks before it sends. (Node::checkAdvert)
//   A3  Announcements come from a MASTER that has the addresses. (Node::carryOut)
//   A4  The members of a sync group are MASTER together or not at all, after each input. (Node::checkGroups)
//   A5  Nobody's addresses are released while its gate is open for questions. (Node::execute)
//   A6  Each StateChanged begins where the one before ended. (Node::handleStateChange)
//   A7  Applying the same configuration again does nothing. (faults.cc)
//   A8  The same seed gives the same history. (main.cc)
// On a strict LAN, which loses nothing and delivers within the election grace, whatever is killed, stopped, starved, restarted, handed
// over, reconfigured or tracked:
//   I1  Never are two gates open for questions at one time. (Node::setGate) But for one who is stopped within a moment of an advert that
//       crossed the first one of a better router, which takes it for a farewell: its gate shuts by itself.
// When the LAN had time to settle:
//   S1  In every connected part an election has exactly one MASTER, the others are BACKUP, who cannot take part is in FAULT.
//   S2  The MASTER has the addresses, and nobody else has; with a gate, it answers, and nobody else does.
//   S3  Nobody who preempts, and has not handed over, has a higher priority; of a group: in all of its elections.
//   S4  Nothing happens any more but adverts.
// When a MASTER leaves a settled LAN:
//   D1  Somebody has taken over within Active_Down_Interval after a death, Skew_Time after a resignation.
//   D2  It is the best one, if nobody else's timer is close, and it takes over once.
//   D3  After a hand-over, and when it comes back, there is no moment in which nobody has the addresses and takes their traffic, however slow
//       the kernel of whoever takes over is with them.

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

/// The nodes of part `part` that can take part in election `key`.
std::vector<const Node*> participants(const World& world, const std::string& key, int part);
/// Those of them that are MASTER.
std::vector<const Node*> masters(const World& world, const std::string& key, int part);
std::string keyOf(std::size_t election);

/// S1 to S3. The LANs are cut alike, or not at all.
void checkSettled(World& world);

/// How often anything but sending adverts happened so far.
std::uint64_t disturbances(const World& world);

}  // namespace aloft::vrrp::simulation
