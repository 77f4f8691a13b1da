#pragma once

#include <napi.h>

#include <memory>
#include <set>

namespace aloft::addon {

class Session;

/// What the addon keeps per environment: each worker thread has its own.
struct AddonData {
  Napi::FunctionReference coreClass;
  Napi::FunctionReference dialerClass;
  Napi::FunctionReference ipvsClass;
  std::set<std::shared_ptr<Session>> sessions;  ///< those that run

  static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }
};

}  // namespace aloft::addon
