#pragma once

#include <napi.h>

#include <memory>
#include <variant>

#include "addon/session.h"
#include "runtime/connectionTeller.h"
#include "runtime/ipvsThread.h"

namespace aloft::addon {

/// The thread that keeps IPVS, and the one that tells other directors of connections. When nobody stops it, it leaves what stands: the next
/// process adopts it, and no connection is lost.
class IpvsSession : public Session {
 public:
  static std::variant<std::shared_ptr<IpvsSession>, os::Error> start(Napi::Env env, ipvs::ServiceKeys owned, Napi::Function onEvents);

  os::Status apply(ipvs::Table desired);
  /// The state that was applied last.
  const ipvs::Table& taken() const { return taken_; }
  void carry(std::set<wire::IpAddress> addresses) { teller_->carry(std::move(addresses)); }
  /// Promises, kept by a thread of the pool.
  Napi::Value tell(Napi::Env env);
  Napi::Value snapshot(Napi::Env env);

 private:
  template <class Worker>
  Napi::Value promise(Napi::Env env);
  class SnapshotWorker;
  class TellWorker;

  Napi::Array takeEvents(Napi::Env env) override;
  os::Status end(bool keep) override;
  bool keepsAtExit() const override { return true; }

  ipvs::Table taken_;
  std::unique_ptr<runtime::IpvsThread> thread_;
  std::unique_ptr<runtime::ConnectionTeller> teller_;
};

}  // namespace aloft::addon
