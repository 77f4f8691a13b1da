#pragma once

#include <string>
#include <vector>

#include "kernel/linkTable.h"
#include "runtime/checkRegistry.h"
#include "runtime/routerDirectory.h"
#include "runtime/routerRecord.h"

namespace aloft::runtime {

/// Why a virtual router in FAULT is there, in a sentence; empty in other states.
std::string faultMessage(const RouterRecord& record, const RouterName& name, const CheckRegistry& checks,
                         const std::vector<kernel::Link>& links);

}  // namespace aloft::runtime
