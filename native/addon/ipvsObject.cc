#include "addon/ipvsObject.h"

#include "addon/addonData.h"
#include "addon/ipvsState.h"
#include "addon/stopOption.h"
#include "addon/toJavaScript.h"

namespace aloft::addon {

Napi::Function IpvsObject::define(Napi::Env env) {
  return DefineClass(env, "Ipvs",
                     {InstanceMethod<&IpvsObject::apply>("apply"), InstanceMethod<&IpvsObject::carry>("carry"),
                      InstanceMethod<&IpvsObject::tellConnections>("tellConnections"), InstanceMethod<&IpvsObject::snapshot>("snapshot"),
                      InstanceMethod<&IpvsObject::stop>("stop")});
}

Napi::Value IpvsObject::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto owned = readOwnedServices(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&owned)) return toRefusal(env, "startIpvs", *problem);
  if (!info[1].IsFunction()) return toRefusal(env, "startIpvs", {"onEvents", "must be a function"});
  auto session = IpvsSession::start(env, std::move(std::get<0>(owned)), info[1].As<Napi::Function>());
  if (const auto* error = std::get_if<os::Error>(&session)) return toResult(env, *error);
  const auto carrier = Napi::External<std::shared_ptr<IpvsSession>>::New(env, &std::get<0>(session));
  const Napi::Object result = toResult(env, {});
  result.Set("ipvs", AddonData::of(env).ipvsClass.New({carrier}));
  return result;
}

IpvsObject::IpvsObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  // The class is not exported, but `new ipvs.constructor()` would reach it.
  if (info[0].IsExternal()) {
    session_ = *info[0].As<Napi::External<std::shared_ptr<IpvsSession>>>().Data();
  } else {
    Napi::TypeError::New(info.Env(), "it is made by startIpvs()").ThrowAsJavaScriptException();
  }
}

Napi::Value IpvsObject::apply(const Napi::CallbackInfo& info) {
  auto table = readIpvsState(info[0], session_->taken());
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&table)) return toRefusal(info.Env(), "apply", *problem);
  return toResult(info.Env(), session_->apply(std::move(std::get<0>(table))));
}

Napi::Value IpvsObject::carry(const Napi::CallbackInfo& info) {
  auto addresses = readCarried(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&addresses)) return toRefusal(info.Env(), "carry", *problem);
  session_->carry(std::move(std::get<0>(addresses)));
  return toResult(info.Env(), {});
}

Napi::Value IpvsObject::tellConnections(const Napi::CallbackInfo& info) { return session_->tell(info.Env()); }

Napi::Value IpvsObject::snapshot(const Napi::CallbackInfo& info) { return session_->snapshot(info.Env()); }

Napi::Value IpvsObject::stop(const Napi::CallbackInfo& info) { return stopAs(info, "keep", *session_); }

}  // namespace aloft::addon
