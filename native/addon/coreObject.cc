#include "addon/coreObject.h"

#include "addon/addonData.h"
#include "addon/desiredState.h"
#include "addon/stopOption.h"
#include "addon/toJavaScript.h"

namespace aloft::addon {

Napi::Function CoreObject::define(Napi::Env env) {
  return DefineClass(env, "Core",
                     {InstanceMethod<&CoreObject::apply>("apply"), InstanceMethod<&CoreObject::setChecks>("setChecks"),
                      InstanceMethod<&CoreObject::snapshot>("snapshot"), InstanceMethod<&CoreObject::stop>("stop")});
}

Napi::Object CoreObject::create(Napi::Env env, std::shared_ptr<CoreSession> session) {
  const auto carrier = Napi::External<std::shared_ptr<CoreSession>>::New(env, &session);
  return AddonData::of(env).coreClass.New({carrier});
}

CoreObject::CoreObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  // The class is not exported, but `new core.constructor()` would reach it.
  if (info[0].IsExternal()) {
    session_ = *info[0].As<Napi::External<std::shared_ptr<CoreSession>>>().Data();
  } else {
    Napi::TypeError::New(info.Env(), "a core is made by start()").ThrowAsJavaScriptException();
  }
}

Napi::Value CoreObject::apply(const Napi::CallbackInfo& info) {
  auto desired = readDesiredState(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&desired)) return toRefusal(info.Env(), "apply", *problem);
  return toResult(info.Env(), session_->core().apply(std::move(std::get<0>(desired))));
}

Napi::Value CoreObject::setChecks(const Napi::CallbackInfo& info) {
  const auto results = readCheckResults(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&results)) return toRefusal(info.Env(), "setChecks", *problem);
  return toResult(info.Env(), session_->core().setChecks(std::get<0>(results)));
}

Napi::Value CoreObject::snapshot(const Napi::CallbackInfo& info) { return toSnapshot(info.Env(), session_->core().snapshot()); }

Napi::Value CoreObject::stop(const Napi::CallbackInfo& info) { return stopAs(info, "keepAddresses", *session_); }

}  // namespace aloft::addon
