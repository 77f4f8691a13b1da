#pragma once
// Values of the core as objects of src/agent/native.

#include <napi.h>

#include <vector>

#include "os/result.h"
#include "runtime/snapshot.h"
#include "runtime/validation.h"

namespace aloft::addon {

Napi::Object toResult(Napi::Env env, const os::Status& status);
/// { ok: false, error } for a field that is wrong.
Napi::Object toRefusal(Napi::Env env, const char* operation, const runtime::FieldProblem& problem);
Napi::Array toEvents(Napi::Env env, const std::vector<runtime::CoreEvent>& events);
Napi::Object toSnapshot(Napi::Env env, const runtime::Snapshot& snapshot);

}  // namespace aloft::addon
