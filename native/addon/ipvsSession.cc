#include "addon/ipvsSession.h"

#include <algorithm>
#include <cerrno>

#include "addon/ipvsToJavaScript.h"
#include "kernel/ipvsClient.h"

namespace aloft::addon {

std::variant<std::shared_ptr<IpvsSession>, os::Error> IpvsSession::start(Napi::Env env, ipvs::ServiceKeys owned, Napi::Function onEvents) {
  auto teller = runtime::ConnectionTeller::open();
  if (!teller.ok()) return teller.error();
  auto session = std::make_shared<IpvsSession>();
  session->teller_ = std::move(teller.value());
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

os::Status IpvsSession::apply(ipvs::Table desired) {
  const auto isMaster = [](const wire::IpvsDaemon& daemon) { return daemon.role == wire::IpvsDaemonRole::Master; };
  const auto master = std::find_if(desired.daemons.begin(), desired.daemons.end(), isMaster);
  auto daemon = master == desired.daemons.end() ? std::nullopt : std::optional(*master);
  if (os::Status status = thread_->apply(desired); !status.ok()) return status;
  if (os::Status status = teller_->use(std::move(daemon)); !status.ok()) return status;
  taken_ = std::move(desired);
  return {};
}

/// The last connections are told of while there still are services that they belong to.
os::Status IpvsSession::end(bool keep) {
  teller_->stop();
  return thread_->stop(keep);
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

class IpvsSession::TellWorker : public Napi::AsyncWorker {
 public:
  TellWorker(Napi::Env env, std::shared_ptr<IpvsSession> session, napi_deferred deferred)
      : AsyncWorker(env, "aloft tell"), session_(std::move(session)), deferred_(deferred) {}

  void Execute() override { session_->teller_->tell(); }
  void OnOK() override { napi_resolve_deferred(Env(), deferred_, Env().Undefined()); }

 private:
  std::shared_ptr<IpvsSession> session_;
  napi_deferred deferred_;
};

template <class Worker>
Napi::Value IpvsSession::promise(Napi::Env env) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return env.Undefined();
  (new Worker(env, std::static_pointer_cast<IpvsSession>(shared_from_this()), deferred))->Queue();  // deletes itself
  return Napi::Value(env, promise);
}

Napi::Value IpvsSession::tell(Napi::Env env) { return promise<TellWorker>(env); }

Napi::Value IpvsSession::snapshot(Napi::Env env) { return promise<SnapshotWorker>(env); }

}  // namespace aloft::addon
