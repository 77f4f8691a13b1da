#pragma once

#include <napi.h>

#include <memory>

#include "addon/ipvsSession.h"

namespace aloft::addon {

/// `Ipvs` of src/agent/native: a handle. When it is collected the session goes on.
class IpvsObject : public Napi::ObjectWrap<IpvsObject> {
 public:
  static Napi::Function define(Napi::Env env);
  /// `startIpvs` of src/agent/native.
  static Napi::Value start(const Napi::CallbackInfo& info);

  explicit IpvsObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value apply(const Napi::CallbackInfo& info);
  Napi::Value carry(const Napi::CallbackInfo& info);
  Napi::Value tellConnections(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);

  std::shared_ptr<IpvsSession> session_;
};

}  // namespace aloft::addon
