#pragma once
// What must be true of the LAN when it had time to settle.

#include "simulation/node.h"

namespace aloft::vrrp::simulation {

/// The nodes of part `part` that can take part in election `key`.
std::vector<const Node*> participants(const World& world, const std::string& key, int part);
/// Those of them that are MASTER.
std::vector<const Node*> masters(const World& world, const std::string& key, int part);
std::string keyOf(std::size_t election);

/// In every connected part and election exactly one MASTER, the rest BACKUP; it has the addresses and nobody else has; nobody who
/// preempts has a higher priority. Fails the world otherwise.
void checkSettled(World& world);

/// How often anything but sending adverts happened so far.
std::uint64_t disturbances(const World& world);

}  // namespace aloft::vrrp::simulation
