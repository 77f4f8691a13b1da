#pragma once

#include <napi.h>

#include <memory>
#include <variant>

#include "addon/session.h"
#include "runtime/ipvsThread.h"

namespace aloft::addon {

/// The thread that keeps IPVS. When nobody stops it, it leaves what stands: the next process adopts it, and no connection is lost.
class IpvsSession : public Session {
 public:
  static std::variant<std::shared_ptr<IpvsSession>, os::Error> start(Napi::Env env, ipvs::ServiceKeys owned, Napi::Function onEvents);

  os::Status apply(ipvs::Table desired) { return thread_->apply(std::move(desired)); }
  /// A promise, kept by a thread of the pool.
  Napi::Value snapshot(Napi::Env env);

 private:
  class SnapshotWorker;

  Napi::Array takeEvents(Napi::Env env) override;
  os::Status end(bool keep) override { return thread_->stop(keep); }
  bool keepsAtExit() const override { return true; }

  std::unique_ptr<runtime::IpvsThread> thread_;
};

}  // namespace aloft::addon
