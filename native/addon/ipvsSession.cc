#include "addon/ipvsSession.h"

#include <cerrno>

#include "addon/ipvsToJavaScript.h"
#include "kernel/ipvsClient.h"

namespace aloft::addon {

std::variant<std::shared_ptr<IpvsSession>, os::Error> IpvsSession::start(Napi::Env env, ipvs::ServiceKeys owned, Napi::Function onEvents) {
  auto session = std::make_shared<IpvsSession>();
  if (!session->openWake(env)) return os::Error{"create thread-safe function", ENOMEM};
  // The thread, which calls it, is the session's own.
  auto thread = runtime::IpvsThread::start(
      {std::move(owned), [] { return kernel::IpvsClient::open(); }, [raw = session.get()] { raw->wakeJavaScript(); }});
  if (!thread.ok()) {
    session->closeWake();
    return thread.error();
  }
  session->thread_ = std::move(thread.value());
  session->run(env, onEvents);
  return session;
}

Napi::Array IpvsSession::takeEvents(Napi::Env env) { return toIpvsEvents(env, thread_->takeEvents()); }

class IpvsSession::SnapshotWorker : public Napi::AsyncWorker {
 public:
  SnapshotWorker(Napi::Env env, std::shared_ptr<IpvsSession> session, napi_deferred deferred)
      : AsyncWorker(env, "aloft snapshot"), session_(std::move(session)), deferred_(deferred) {}

  void Execute() override { snapshot_ = session_->thread_->snapshot(); }
  void OnOK() override { napi_resolve_deferred(Env(), deferred_, toIpvsSnapshot(Env(), snapshot_)); }

 private:
  std::shared_ptr<IpvsSession> session_;
  napi_deferred deferred_;
  runtime::IpvsSnapshot snapshot_;
};

Napi::Value IpvsSession::snapshot(Napi::Env env) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return env.Undefined();
  (new SnapshotWorker(env, std::static_pointer_cast<IpvsSession>(shared_from_this()), deferred))->Queue();  // deletes itself
  return Napi::Value(env, promise);
}

}  // namespace aloft::addon
