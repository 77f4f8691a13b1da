#pragma once

namespace aloft::os {

/// No program that is started gets a descriptor that is open now, but for standard input, output and error. Some libraries open theirs
/// without this, raw sockets among them.
void closeOnExec();

}  // namespace aloft::os
