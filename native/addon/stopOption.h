#pragma once

#include <napi.h>

#include "addon/session.h"

namespace aloft::addon {

/// stop(options?) of a session's object; `option` names the one that there is, which is false when it is left out.
Napi::Value stopAs(const Napi::CallbackInfo& info, const char* option, Session& session);

}  // namespace aloft::addon
