#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

#include "os/result.h"

namespace aloft::os {

/// A thread on a stack of its own: prefaulted, so that its first use of a page costs nothing later, and locked if asked. All signals are
/// blocked in it: they belong to the program's main thread. It starts in the network namespace of the thread that starts it.
class Thread {
 public:
#if defined(__SANITIZE_THREAD__)
  static constexpr std::size_t kStackSize = 8 << 20;  // its thread-local data lie there as well
#else
  static constexpr std::size_t kStackSize = 512 << 10;
#endif

  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { join(); }

  /// `name` is a literal of at most 15 characters. Called once.
  Status start(const char* name, bool lockStack, std::function<void()> body);
  /// Waits for the end; nothing when it never started.
  void join();
  /// Whether the stack was locked as asked.
  const Status& stackLocked() const { return locked_; }

 private:
  static void* run(void* self);

  const char* name_ = "";
  std::function<void()> body_;
  pthread_t handle_{};
  bool running_ = false;
  void* stack_ = nullptr;
  Status locked_;
};

}  // namespace aloft::os
