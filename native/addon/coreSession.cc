#include "addon/coreSession.h"

#include <cerrno>

#include "addon/toJavaScript.h"

namespace aloft::addon {

std::variant<std::shared_ptr<CoreSession>, os::Error> CoreSession::start(Napi::Env env, runtime::CoreOptions options,
                                                                         Napi::Function onEvents) {
  auto session = std::make_shared<CoreSession>();
  if (!session->openWake(env)) return os::Error{"create thread-safe function", ENOMEM};
  options.notify = [raw = session.get()] { raw->wakeJavaScript(); };  // the core, which calls it, is the session's own
  auto core = runtime::Core::start(std::move(options));
  if (!core.ok()) {
    session->closeWake();
    return core.error();
  }
  session->core_ = std::move(core.value());
  session->run(env, onEvents);
  return session;
}

Napi::Array CoreSession::takeEvents(Napi::Env env) { return toEvents(env, core_->takeEvents()); }

}  // namespace aloft::addon
