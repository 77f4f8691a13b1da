#include "addon/exitGuard.h"

#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

#include "addon/session.h"

namespace aloft::addon {
namespace {

struct Registry {
  std::mutex lock;
  std::set<Session*> sessions;
  bool registered = false;
};

/// Never destroyed: worker threads may outlive static objects.
Registry& registry() {
  static auto* const kRegistry = new Registry;
  return *kRegistry;
}

void stopAll() {
  const std::lock_guard guard(registry().lock);
  for (Session* session : registry().sessions) session->stopAtExit();
  registry().sessions.clear();
}

}  // namespace

void ExitGuard::add(Session* session) {
  Registry& all = registry();
  const std::lock_guard guard(all.lock);
  if (!std::exchange(all.registered, true)) std::atexit(stopAll);
  all.sessions.insert(session);
}

void ExitGuard::remove(Session* session) {
  const std::lock_guard guard(registry().lock);
  registry().sessions.erase(session);
}

}  // namespace aloft::addon
