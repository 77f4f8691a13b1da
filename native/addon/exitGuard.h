#pragma once

namespace aloft::addon {

class Session;

/// Stops the cores that still run when the process ends by process.exit() or by an error that nobody caught: Node then runs no
/// clean-up hooks of environments. The only state of the addon that belongs to the process and not to an environment.
class ExitGuard {
 public:
  static void add(Session* session);
  static void remove(Session* session);
};

}  // namespace aloft::addon
