#pragma once
// What the programs of this folder share beside their sockets.

namespace aloft::tools {

/// SIGTERM and SIGINT as a descriptor; they no longer end the process.
int openSignals();
/// Whether one of them has come.
bool isSignalled(int signals);
/// SCHED_FIFO below every other real-time thread, so that what is measured is not delayed by the measuring. False when refused.
bool becomeRealTime();

}  // namespace aloft::tools
