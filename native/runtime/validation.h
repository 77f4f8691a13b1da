#pragma once
// From what a caller asks for to what the engine takes. Pure.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vrrp/configuration.h"

namespace aloft::runtime {

/// A virtual router as src/agent/native.ts describes it, with its types checked and nothing else. Numbers are JavaScript's.
struct DesiredRouter {
  std::string key;
  std::string family;
  std::string interface;
  double virtualRouterID = 0;
  double version = 0;
  double priority = 0;
  double advertisementIntervalMs = 0;
  bool preempt = true;
  double preemptDelayMs = 0;
  std::string checksum;
  std::vector<std::string> addresses;
};

/// What is wrong, and with which field: "routers[2].interface".
struct FieldProblem {
  std::string path;
  std::string message;
};

/// All virtual routers, or the first problem. Beside the fields themselves: keys are unique, a VRID is unique per interface and family,
/// an address is given to one virtual router of an interface only.
std::variant<std::vector<vrrp::RouterConfig>, FieldProblem> validate(const std::vector<DesiredRouter>& routers);

/// An interface name as the kernel allows it: 1–15 bytes, neither "." nor "..", without "/", ":" and blanks. Empty when it is good, else
/// what is wrong.
std::string interfaceProblem(const std::string& name);

}  // namespace aloft::runtime
