#pragma once

#include <napi.h>

namespace aloft::addon {

/// replaceNat(), removeNat(), natGeneration(), readNat(): promises, kept by a thread of the pool, which may wait for the kernel.
void defineNatFunctions(Napi::Env env, Napi::Object exports);

}  // namespace aloft::addon
