#include "addon/coreObject.h"

#include <cerrno>

#include "addon/addonData.h"
#include "addon/desiredState.h"
#include "addon/fieldReader.h"
#include "addon/toJavaScript.h"

namespace aloft::addon {

Napi::Function CoreObject::define(Napi::Env env) {
  return DefineClass(env, "Core",
                     {InstanceMethod<&CoreObject::apply>("apply"), InstanceMethod<&CoreObject::setChecks>("setChecks"),
                      InstanceMethod<&CoreObject::snapshot>("snapshot"), InstanceMethod<&CoreObject::stop>("stop")});
}

Napi::Object CoreObject::create(Napi::Env env, std::shared_ptr<Session> session) {
  const auto carrier = Napi::External<std::shared_ptr<Session>>::New(env, &session);
  return AddonData::of(env).coreClass.New({carrier});
}

CoreObject::CoreObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  // The class is not exported, but `new core.constructor()` would reach it.
  if (info[0].IsExternal()) {
    session_ = *info[0].As<Napi::External<std::shared_ptr<Session>>>().Data();
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

Napi::Value CoreObject::stop(const Napi::CallbackInfo& info) {
  std::optional<runtime::FieldProblem> problem;
  bool keepAddresses = false;
  if (!info[0].IsUndefined()) {
    const Napi::Value value = info[0].IsObject() ? info[0].As<Napi::Object>().Get("keepAddresses") : info[0];
    if (value.IsBoolean()) {
      keepAddresses = value.As<Napi::Boolean>().Value();
    } else if (!value.IsUndefined()) {
      problem = {"keepAddresses", "must be true or false"};
    }
  }
  if (!problem) return session_->stop(info.Env(), keepAddresses);
  const auto deferred = Napi::Promise::Deferred::New(info.Env());
  deferred.Resolve(toRefusal(info.Env(), "stop", *problem));
  return deferred.Promise();
}

}  // namespace aloft::addon
