#include "addon/stopOption.h"

#include <optional>

#include "addon/fieldReader.h"
#include "addon/toJavaScript.h"

namespace aloft::addon {

Napi::Value stopAs(const Napi::CallbackInfo& info, const char* option, Session& session) {
  std::optional<runtime::FieldProblem> problem;
  bool keep = false;
  if (!info[0].IsUndefined()) keep = FieldReader(info[0], "", problem).maybeBoolean(option, false);
  if (!problem) return session.stop(info.Env(), keep);
  const auto deferred = Napi::Promise::Deferred::New(info.Env());
  deferred.Resolve(toRefusal(info.Env(), "stop", *problem));
  return deferred.Promise();
}

}  // namespace aloft::addon
