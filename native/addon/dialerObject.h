#pragma once

#include <napi.h>
#include <uv.h>

#include "runtime/dialer.h"

namespace aloft::addon {

/// `Dialer` of src/agent/native. All of it belongs to the JavaScript thread, whose event loop waits for the connections.
class DialerObject : public Napi::ObjectWrap<DialerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  /// startDialer() of src/agent/native.
  static Napi::Value start(const Napi::CallbackInfo& info);

  explicit DialerObject(const Napi::CallbackInfo& info);

 private:
  class Poller;

  Napi::Value dial(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value closeOnExec(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  Poller* poller_ = nullptr;  ///< deletes itself once the event loop has let go of it
};

}  // namespace aloft::addon
