#include "os/thread.h"

#include <sys/mman.h>

#include <csignal>

#include "os/scheduling.h"

namespace aloft::os {
namespace {

constexpr std::size_t kGuardSize = 4096;

/// The new thread inherits the mask, so that there is no moment at which it could take a signal.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t previous_;
};

}  // namespace

Status Thread::start(const char* name, bool lockStack, std::function<void()> body) {
  stack_ = mmap(nullptr, kGuardSize + kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_POPULATE, -1, 0);
  if (stack_ == MAP_FAILED) {
    stack_ = nullptr;
    return lastError("map thread stack");
  }
  mprotect(stack_, kGuardSize, PROT_NONE);
  // Not MADV_DONTFORK: the C library keeps the thread's descriptor at its top, and looks through those of all threads in a child.
  auto* usable = static_cast<std::byte*>(stack_) + kGuardSize;
  if (lockStack) locked_ = lockMemory(usable, kStackSize);

  name_ = name;
  body_ = std::move(body);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, usable, kStackSize);
  const BlockedSignals blocked;
  const int error = pthread_create(&handle_, &attributes, &Thread::run, this);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    munmap(stack_, kGuardSize + kStackSize);
    stack_ = nullptr;
    return Error{"start thread", error};
  }
  running_ = true;
  return {};
}

void Thread::join() {
  if (!running_) return;
  pthread_join(handle_, nullptr);
  running_ = false;
  munmap(stack_, kGuardSize + kStackSize);
  stack_ = nullptr;
}

void* Thread::run(void* self) {
  auto* thread = static_cast<Thread*>(self);
  pthread_setname_np(pthread_self(), thread->name_);
  thread->body_();
  return nullptr;
}

}  // namespace aloft::os
