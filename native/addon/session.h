#pragma once
// Something that runs on threads of its own, and its way into JavaScript. Belongs to one environment (main thread or worker thread).

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

#include "os/result.h"

namespace aloft::addon {

/// Lives, whether or not JavaScript keeps its object, until stop() is done or the environment ends: nothing stops because a variable was
/// collected.
class Session : public std::enable_shared_from_this<Session> {
 public:
  virtual ~Session() = default;
  /// Stops on a thread of the pool: it may have to wait for the kernel. The same promise every time.
  Napi::Value stop(Napi::Env env, bool keep);
  /// At the end of the process, when nothing of Node can be called any more. Waits until all is stopped.
  void stopAtExit();

 protected:
  /// Prepares for events. Whoever has it started goes on with run(), or with closeWake() when the start failed.
  bool openWake(Napi::Env env);
  void closeWake();
  /// What was started is there. `onEvents` gets batches of events on the JavaScript thread; it does not keep the event loop alive.
  void run(Napi::Env env, Napi::Function onEvents);
  /// Any thread: there are events.
  void wakeJavaScript();

  /// The events since the last call, as an array; JavaScript's thread.
  virtual Napi::Array takeEvents(Napi::Env env) = 0;
  /// Any thread; waits.
  virtual os::Status end(bool keep) = 0;
  /// What becomes of what stands in the kernel when nobody asked.
  virtual bool keepsAtExit() const = 0;

 private:
  class StopWorker;

  static void onWake(napi_env env, napi_value, void* session, void*);
  static void onEnvironmentEnd(void* session);
  void deliverEvents(Napi::Env env);
  void finish(Napi::Env env);

  Napi::FunctionReference onEvents_;
  Napi::ObjectReference stopping_;  ///< the promise of stop()
  std::mutex wakeLock_;
  napi_threadsafe_function wake_ = nullptr;
};

}  // namespace aloft::addon
