#pragma once
// One running core and its way into JavaScript. Belongs to one environment (main thread or worker thread).

#include <napi.h>

#include <memory>
#include <mutex>
#include <variant>

#include "runtime/core.h"

namespace aloft::addon {

class Session : public std::enable_shared_from_this<Session> {
 public:
  /// Starts a core. `onEvents` gets batches of events on the JavaScript thread; it does not keep the event loop alive. The session
  /// lives, whether or not JavaScript keeps its object, until stop() is done or the environment ends: an election does not stop
  /// because a variable was collected.
  static std::variant<std::shared_ptr<Session>, os::Error> start(Napi::Env env, runtime::CoreOptions options, Napi::Function onEvents);

  runtime::Core& core() { return *core_; }
  /// Stops on a thread of the pool: removing addresses may wait for the kernel. The same promise every time.
  Napi::Value stop(Napi::Env env, bool keepAddresses);
  /// At the end of the process, when nothing of Node can be called any more. Waits until all is stopped.
  void stopAtExit();

 private:
  class StopWorker;

  bool openWake(Napi::Env env);
  void closeWake();
  /// Actuator thread.
  void wakeJavaScript();
  static void onWake(napi_env env, napi_value, void* session, void*);
  static void onEnvironmentEnd(void* session);
  void deliverEvents(Napi::Env env);
  void finish(Napi::Env env);

  std::unique_ptr<runtime::Core> core_;
  Napi::FunctionReference onEvents_;
  Napi::ObjectReference stopping_;  ///< the promise of stop()
  std::mutex wakeLock_;
  napi_threadsafe_function wake_ = nullptr;
};

}  // namespace aloft::addon
