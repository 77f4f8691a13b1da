#pragma once
// What people and programs may know of the kernel's IPVS and of what is done about it.

#include <cstdint>
#include <string>
#include <vector>

#include "ipvs/reconciler.h"

namespace aloft::runtime {

struct IpvsDestinationSnapshot {
  ipvs::StandingDestination standing;
  bool draining = false;
};

struct IpvsServiceSnapshot {
  wire::IpvsServiceKey key;
  std::string scheduler;
  wire::IpvsStatistics statistics;
  std::vector<IpvsDestinationSnapshot> destinations;
  bool ours = false;
  std::string message;  ///< why it is not as it should be
};

struct IpvsSnapshot {
  bool programmed = false;
  std::vector<IpvsServiceSnapshot> services;  ///< those of others as well
  std::vector<wire::IpvsDaemon> daemons;
  std::uint64_t repairs = 0;
  std::uint64_t failures = 0;
  std::string message;  ///< why IPVS cannot be used, or what of it is refused that belongs to no service
};

struct IpvsEvent {
  ipvs::Event event;
  std::string message;           ///< of Repaired and Failed
  std::int64_t changedAtMs = 0;  ///< wall clock, since the epoch
};

/// What is known now. `problem` is why the kernel cannot be asked.
IpvsSnapshot toSnapshot(const ipvs::Reconciler& reconciler, const std::string& problem);

/// "add service TCP 192.0.2.10:80: No such file or directory (…)", with what it probably means.
std::string explain(const ipvs::Failure& failure);

}  // namespace aloft::runtime
