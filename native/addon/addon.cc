// The addon's exports: start(), startIpvs(), startDialer(), forecast(), releaseProgramPages(), those of natFunctions.h, and version.
// See src/agent/native.

#include <napi.h>

#include "addon/addonData.h"
#include "addon/coreObject.h"
#include "addon/coreSession.h"
#include "addon/desiredState.h"
#include "addon/dialerObject.h"
#include "addon/fieldReader.h"
#include "addon/forecast.h"
#include "addon/ipvsObject.h"
#include "addon/natFunctions.h"
#include "addon/toJavaScript.h"
#include "os/programPages.h"

namespace aloft::addon {
namespace {

Napi::Value start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto options = readStartOptions(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&options)) return toRefusal(env, "start", *problem);
  if (!info[1].IsFunction()) return toRefusal(env, "start", {"onEvents", "must be a function"});
  auto session = CoreSession::start(env, std::move(std::get<0>(options)), info[1].As<Napi::Function>());
  if (const auto* error = std::get_if<os::Error>(&session)) return toResult(env, *error);
  const Napi::Object result = toResult(env, {});
  result.Set("core", CoreObject::create(env, std::move(std::get<0>(session))));
  return result;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData;
  data->coreClass = Napi::Persistent(CoreObject::define(env));
  data->dialerClass = Napi::Persistent(DialerObject::define(env));
  data->ipvsClass = Napi::Persistent(IpvsObject::define(env));
  env.SetInstanceData(data);  // deleted with the environment
  exports.Set("start", Napi::Function::New(env, start, "start"));
  exports.Set("startDialer", Napi::Function::New(env, DialerObject::start, "startDialer"));
  exports.Set("startIpvs", Napi::Function::New(env, IpvsObject::start, "startIpvs"));
  exports.Set("forecast", Napi::Function::New(env, forecast, "forecast"));
  exports.Set("releaseProgramPages", Napi::Function::New(env, [](const Napi::CallbackInfo&) { os::releaseProgramPages(); }));
  defineNatFunctions(env, exports);
  exports.Set("version", ALOFT_VERSION);
  return exports;
}

}  // namespace

NODE_API_MODULE(aloft, initialize)

}  // namespace aloft::addon
