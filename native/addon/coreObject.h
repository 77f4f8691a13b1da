#pragma once

#include <napi.h>

#include <memory>

#include "addon/coreSession.h"

namespace aloft::addon {

/// `Core` of src/agent/native: a handle. When it is collected the session goes on.
class CoreObject : public Napi::ObjectWrap<CoreObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, std::shared_ptr<CoreSession> session);

  explicit CoreObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value apply(const Napi::CallbackInfo& info);
  Napi::Value setChecks(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);

  std::shared_ptr<CoreSession> session_;
};

}  // namespace aloft::addon
