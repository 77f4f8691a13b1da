#pragma once
// Network namespaces for tests: made by the test, gone with it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "os/fd.h"

namespace aloft::test {

/// The namespace of the calling thread, to return to.
inline os::Fd currentNamespace() { return os::Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

/// Moves the calling thread, and what it starts, into a new empty namespace. Invalid without CAP_SYS_ADMIN.
inline os::Fd newNamespace() { return unshare(CLONE_NEWNET) == 0 ? currentNamespace() : os::Fd(); }

inline void enter(const os::Fd& space) { ASSERT_EQ(setns(space.get(), CLONE_NEWNET), 0); }

inline void shell(const std::string& script) { ASSERT_EQ(std::system(("set -e; " + script).c_str()), 0) << script; }

inline bool shellSucceeds(const std::string& script) { return std::system(script.c_str()) == 0; }

/// For `ip link set … netns`: the path by which another process can name a namespace of this one.
inline std::string pathOf(const os::Fd& space) { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(space.get()); }

}  // namespace aloft::test
