#pragma once
// From what stands to what is wanted, by as few requests as there can be. Pure.

#include <functional>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/standingTable.h"
#include "ipvs/table.h"

namespace aloft::ipvs {

/// Whether a destination that stands in a wanted service, though it is not wanted itself, may stay for a while, at weight 0.
using Stays = std::function<bool(const Service& service, const StandingDestination& destination)>;

/// Touches the services that are wanted, and those among `ours` that stand and are not wanted any more: these go. All others are somebody
/// else's. The order: settings, additions, rising weights, all other edits, removals, so that no service lacks a server in between that it
/// has before or after. New destinations come in the order of `desired`; those that stand keep their places, for to add them anew would
/// cost connections.
std::vector<Operation> difference(const Table& desired, const StandingTable& standing, const ServiceKeys& ours, const Stays& stays);

}  // namespace aloft::ipvs
