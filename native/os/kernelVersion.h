#pragma once

namespace aloft::os {

/// Whether the running kernel is Linux major.minor or later.
bool kernelIsAtLeast(int major, int minor);

}  // namespace aloft::os
