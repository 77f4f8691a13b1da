#include "addon/session.h"

#include "addon/addonData.h"
#include "addon/exitGuard.h"
#include "addon/toJavaScript.h"

namespace aloft::addon {

void Session::run(Napi::Env env, Napi::Function onEvents) {
  onEvents_ = Napi::Persistent(onEvents);
  // Hooks run last in, first out: this one before that of the thread-safe function.
  napi_add_env_cleanup_hook(env, &Session::onEnvironmentEnd, this);
  AddonData::of(env).sessions.insert(shared_from_this());
  ExitGuard::add(this);
}

// ----- Events -----

bool Session::openWake(Napi::Env env) {
  const Napi::String name = Napi::String::New(env, "aloft events");
  // One wake-up in the queue is enough: it takes all events that there are by then.
  constexpr std::size_t kQueue = 1;
  constexpr std::size_t kThreads = 1;
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, kQueue, kThreads, nullptr, nullptr, this, &Session::onWake, &wake_) !=
      napi_ok) {
    return false;
  }
  napi_unref_threadsafe_function(env, wake_);
  return true;
}

void Session::closeWake() {
  const std::lock_guard guard(wakeLock_);
  // Aborted, not released: what is still queued must not come back to a session that is gone.
  if (wake_ != nullptr) napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  wake_ = nullptr;
}

void Session::wakeJavaScript() {
  const std::lock_guard guard(wakeLock_);
  // napi_queue_full: a wake-up is under way. napi_closing: the function must not be touched again.
  if (wake_ != nullptr && napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) == napi_closing) wake_ = nullptr;
}

void Session::onWake(napi_env env, napi_value, void* session, void*) {
  if (env == nullptr) return;  // closing: the session may be gone already
  static_cast<Session*>(session)->deliverEvents(env);
}

void Session::deliverEvents(Napi::Env env) {
  const Napi::HandleScope scope(env);
  const Napi::Array events = takeEvents(env);
  if (events.Length() == 0 || onEvents_.IsEmpty()) return;
  onEvents_.Call({events});
  // Left pending, it would be a warning and no more.
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

// ----- The end -----

class Session::StopWorker : public Napi::AsyncWorker {
 public:
  StopWorker(Napi::Env env, std::shared_ptr<Session> session, bool keep, napi_deferred deferred)
      : AsyncWorker(env, "aloft stop"), session_(std::move(session)), keep_(keep), deferred_(deferred) {}

  void Execute() override { status_ = session_->end(keep_); }
  void OnOK() override {
    napi_resolve_deferred(Env(), deferred_, toResult(Env(), status_));
    session_->finish(Env());  // the last events come before whoever awaits the promise goes on
  }

 private:
  std::shared_ptr<Session> session_;
  bool keep_;
  napi_deferred deferred_;
  os::Status status_;
};

Napi::Value Session::stop(Napi::Env env, bool keep) {
  if (!stopping_.IsEmpty()) return stopping_.Value();
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  // A worker thread that is being terminated makes no promise any more; its clean-up hook stops what runs.
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return env.Undefined();
  stopping_ = Napi::Persistent(Napi::Object(env, promise));
  (new StopWorker(env, shared_from_this(), keep, deferred))->Queue();  // deletes itself
  return Napi::Value(env, promise);
}

void Session::finish(Napi::Env env) {
  napi_remove_env_cleanup_hook(env, &Session::onEnvironmentEnd, this);
  ExitGuard::remove(this);
  closeWake();
  deliverEvents(env);
  onEvents_.Reset();
  AddonData::of(env).sessions.erase(shared_from_this());
}

void Session::onEnvironmentEnd(void* data) {
  auto* session = static_cast<Session*>(data);
  ExitGuard::remove(session);
  session->closeWake();
  session->onEvents_.Reset();
  session->stopping_.Reset();
  [[maybe_unused]] const os::Status status = session->end(session->keepsAtExit());
}

void Session::stopAtExit() {
  {
    const std::lock_guard guard(wakeLock_);
    wake_ = nullptr;
  }
  [[maybe_unused]] const os::Status status = end(keepsAtExit());
}

}  // namespace aloft::addon
