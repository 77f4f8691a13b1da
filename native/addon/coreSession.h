#pragma once

#include <napi.h>

#include <memory>
#include <variant>

#include "addon/session.h"
#include "runtime/core.h"

namespace aloft::addon {

/// One running core. When nobody stops it, it hands over and removes its addresses.
class CoreSession : public Session {
 public:
  static std::variant<std::shared_ptr<CoreSession>, os::Error> start(Napi::Env env, runtime::CoreOptions options, Napi::Function onEvents);

  runtime::Core& core() { return *core_; }

 private:
  Napi::Array takeEvents(Napi::Env env) override;
  os::Status end(bool keep) override { return core_->stop(keep); }
  bool keepsAtExit() const override { return false; }

  std::unique_ptr<runtime::Core> core_;
};

}  // namespace aloft::addon
