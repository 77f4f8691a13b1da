#pragma once
// The file of the running program in memory.

namespace aloft::os {

/// Gives back the pages of the program's own file. Most of Node's are needed while it starts and hardly ever again; those that are come
/// back from the page cache, where they stay until the kernel has a better use for the memory. Mappings of which something was changed
/// (by relocation, a debugger, text moved to huge pages) keep theirs, and so do libraries, for the core must never wait for its own.
void releaseProgramPages();

}  // namespace aloft::os
