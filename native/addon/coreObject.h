#pragma once

#include <napi.h>

#include <memory>

#include "addon/session.h"

namespace aloft::addon {

/// `Core` of src/agent/native.ts: a handle. When it is collected the session goes on.
class CoreObject : public Napi::ObjectWrap<CoreObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, std::shared_ptr<Session> session);

  explicit CoreObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value apply(const Napi::CallbackInfo& info);
  Napi::Value setChecks(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);

  std::shared_ptr<Session> session_;
};

}  // namespace aloft::addon
