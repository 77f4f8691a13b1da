#pragma once

#include <napi.h>

namespace aloft::addon {

/// `forecast` of src/agent/native: the candidates of an election and the place of the MASTER among them.
Napi::Value forecast(const Napi::CallbackInfo& info);

}  // namespace aloft::addon
