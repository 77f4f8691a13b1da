#pragma once
// Values of IPVS as objects of src/agent/native.

#include <napi.h>

#include <vector>

#include "runtime/ipvsSnapshot.h"

namespace aloft::addon {

Napi::Array toIpvsEvents(Napi::Env env, const std::vector<runtime::IpvsEvent>& events);
Napi::Object toIpvsSnapshot(Napi::Env env, const runtime::IpvsSnapshot& snapshot);

}  // namespace aloft::addon
