#include "addon/desiredState.h"

#include "addon/fieldReader.h"

namespace aloft::addon {

using runtime::FieldProblem;

namespace {

/// More would be a mistake of the caller: the engine's table is made for thousands.
constexpr std::uint32_t kMaxRouters = 16384;

std::string textElement(Napi::Value element, const std::string& path, std::optional<FieldProblem>& problem) {
  if (element.IsString()) return element.As<Napi::String>().Utf8Value();
  refuse(problem, path, "must be a string");
  return "";
}

runtime::DesiredRouter readRouter(Napi::Value value, const std::string& path, std::optional<FieldProblem>& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredRouter router;
  router.key = fields.text("key");
  router.family = fields.text("family");
  router.interface = fields.text("interface");
  router.virtualRouterID = fields.number("virtualRouterID");
  router.version = fields.number("version");
  router.priority = fields.number("priority");
  router.advertisementIntervalMs = fields.number("advertisementIntervalMs");
  router.preempt = fields.boolean("preempt");
  router.preemptDelayMs = fields.number("preemptDelayMs");
  router.checksum = fields.text("checksum");
  fields.array("addresses", [&](Napi::Value element, const std::string& elementPath) {
    router.addresses.push_back(textElement(element, elementPath, problem));
  });
  return router;
}

runtime::JournalEntry readHeldAddress(Napi::Value value, const std::string& path, std::optional<FieldProblem>& problem) {
  FieldReader fields(value, path, problem);
  runtime::JournalEntry entry;
  entry.interface = fields.text("interface");
  if (const std::string wrong = runtime::interfaceProblem(entry.interface); !wrong.empty()) refuse(problem, path + ".interface", wrong);
  const std::string address = fields.text("address");
  if (!wire::parseIpPrefix(address, entry.prefix)) {
    refuse(problem, path + ".address", "\"" + address + "\" is not of the form ADDRESS/PREFIXLENGTH");
  }
  return entry;
}

}  // namespace

std::variant<std::vector<vrrp::RouterConfig>, FieldProblem> readDesiredState(Napi::Value value) {
  std::optional<FieldProblem> problem;
  std::vector<runtime::DesiredRouter> routers;
  FieldReader(value, "", problem).array("routers", [&](Napi::Value element, const std::string& path) {
    if (routers.size() == kMaxRouters) return refuse(problem, "routers", "must have at most 16384 entries");
    routers.push_back(readRouter(element, path, problem));
  });
  if (problem) return *problem;
  return runtime::validate(routers);
}

std::variant<runtime::CoreOptions, FieldProblem> readStartOptions(Napi::Value value) {
  std::optional<FieldProblem> problem;
  runtime::CoreOptions options;
  FieldReader fields(value, "", problem);
  options.realTime = fields.boolean("realTime");
  fields.array("heldAddresses", [&](Napi::Value element, const std::string& path) {
    options.heldAddresses.push_back(readHeldAddress(element, path, problem));
  });
  if (problem) return *problem;
  return options;
}

}  // namespace aloft::addon
