#include "addon/desiredState.h"

#include "addon/desiredEntries.h"

namespace aloft::addon {

using runtime::FieldProblem;
using Problem = std::optional<FieldProblem>;

namespace {

/// More would be a mistake of the caller: the engine's table is made for thousands.
constexpr std::size_t kMaxRouters = 16384;
constexpr std::size_t kMaxResults = 16384;

std::string readText(Napi::Value element, const std::string& path, Problem& problem) {
  if (element.IsString()) return element.As<Napi::String>().Utf8Value();
  refuse(problem, path, "must be a string");
  return "";
}

double readNumber(Napi::Value element, const std::string& path, Problem& problem) {
  if (element.IsNumber()) return element.As<Napi::Number>().DoubleValue();
  refuse(problem, path, "must be a number");
  return 0;
}

/// Elements of an array by `read(element, path, problem)`.
template <class T, class Read>
FieldReader::Each into(std::vector<T>& out, Problem& problem, const Read& read) {
  return [&out, &problem, read](Napi::Value element, const std::string& path) { out.push_back(read(element, path, problem)); };
}

/// `nameField` is "check" or "interface".
FieldReader::Each intoTracks(std::vector<runtime::DesiredTrack>& out, Problem& problem, const char* nameField) {
  return into(out, problem, [nameField](Napi::Value element, const std::string& path, Problem& refused) {
    FieldReader fields(element, path, refused);
    runtime::DesiredTrack track;
    track.name = fields.text(nameField);
    track.weight = fields.number("weight");
    track.reverse = fields.boolean("reverse");
    return track;
  });
}

runtime::DesiredTtlRange readTtlRange(Napi::Value element, const std::string& path, Problem& problem) {
  FieldReader fields(element, path, problem);
  return {fields.number("minimum"), fields.number("maximum")};
}

void readAnnouncements(FieldReader& fields, Problem& problem, std::optional<runtime::DesiredAnnouncements>& out) {
  runtime::DesiredAnnouncements& plan = out.emplace();
  fields.array("atMs", into(plan.atMs, problem, readNumber));
  plan.copies = fields.number("copies");
  plan.refreshMs = fields.number("refreshMs");
  plan.refreshCopies = fields.number("refreshCopies");
}

/// What may be left out.
void readOptions(FieldReader& fields, Problem& problem, runtime::DesiredRouter& router) {
  router.linkLocalFirst = fields.maybeBoolean("linkLocalFirst", true);
  router.downTimerAdverts = fields.maybeNumber("downTimerAdverts");
  router.startupDelayMs = fields.maybeNumber("startupDelayMs");
  router.sourceAddress = fields.maybeText("sourceAddress");
  router.trackSourceAddress = fields.maybeBoolean("trackSourceAddress", false);
  router.multicastGroup = fields.maybeText("multicastGroup");
  fields.maybeArray("unicastPeers", into(router.unicastPeers, problem, readText));
  fields.maybeArray("peerTTLs", into(router.peerTTLs, problem, readTtlRange));
  router.unicastTTL = fields.maybeNumber("unicastTTL");
  router.password = fields.maybeText("password");
  router.virtualMACInterface = fields.maybeText("virtualMACInterface");
  router.advertsWithVirtualMAC = fields.maybeBoolean("advertsWithVirtualMAC", true);
  router.group = fields.maybeText("group");
  fields.maybeArray("checks", intoTracks(router.checks, problem, "check"));
  fields.maybeArray("interfaces", intoTracks(router.interfaces, problem, "interface"));
  router.trackPrimary = fields.maybeBoolean("trackPrimary", true);
  fields.maybeObject("announcements", [&](FieldReader& plan) { readAnnouncements(plan, problem, router.announcements); });
  router.conflicts = fields.maybeText("conflicts");
  router.accept = fields.maybeBoolean("accept", true);
  router.deadMan = fields.maybeBoolean("deadMan", false);
  router.handOver = fields.maybeNumber("handOver");
  fields.maybeArray("routes", into(router.routes, problem, readRoute));
  fields.maybeArray("rules", into(router.rules, problem, readRule));
}

runtime::DesiredRouter readRouter(Napi::Value value, const std::string& path, Problem& problem) {
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
  fields.array("addresses", into(router.addresses, problem, readAddress));
  readOptions(fields, problem, router);
  return router;
}

runtime::DesiredInterface readInterface(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  return {fields.text("name"), fields.number("downDelayMs"), fields.number("upDelayMs")};
}

runtime::DesiredPace readPace(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredPace pace;
  fields.array("interfaces", into(pace.interfaces, problem, readText));
  pace.gratuitousArpUs = fields.maybeNumber("gratuitousARPUs");
  pace.unsolicitedNaUs = fields.maybeNumber("unsolicitedNAUs");
  return pace;
}

runtime::JournalEntry readHeldAddress(Napi::Value value, const std::string& path, Problem& problem) {
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

runtime::CheckResult readCheckResult(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::CheckResult result;
  const runtime::Fields rules(path, problem);
  result.name = rules.name("name", fields.text("name"), 512);
  result.up = fields.boolean("up");
  if (const runtime::MaybeNumber number = fields.maybeNumber("value")) {
    result.value = rules.number<std::int32_t>("value", *number, {-2147483648.0, 2147483647.0});
  }
  return result;
}

}  // namespace

std::variant<runtime::Configuration, FieldProblem> readDesiredState(Napi::Value value) {
  Problem problem;
  runtime::DesiredState desired;
  FieldReader root(value, "", problem);
  root.array("routers", [&](Napi::Value element, const std::string& path) {
    if (desired.routers.size() == kMaxRouters) return refuse(problem, "routers", "must have at most 16384 entries");
    desired.routers.push_back(readRouter(element, path, problem));
  });
  root.maybeObject("static", [&](FieldReader& fields) {
    fields.array("addresses", into(desired.always.addresses, problem, readAddress));
    fields.array("routes", into(desired.always.routes, problem, readRoute));
    fields.array("rules", into(desired.always.rules, problem, readRule));
    desired.keepAlways = fields.maybeBoolean("keep", false);
  });
  root.maybeArray("interfaces", into(desired.interfaces, problem, readInterface));
  root.maybeArray("announcementPacing", into(desired.announcementPacing, problem, readPace));
  desired.debugUnknownRouters = root.maybeBoolean("debugUnknownRouters", false);
  if (problem) return *problem;
  return runtime::validate(desired);
}

std::variant<std::vector<runtime::CheckResult>, FieldProblem> readCheckResults(Napi::Value value) {
  Problem problem;
  std::vector<runtime::CheckResult> results;
  FieldReader::readArray(value, "", problem, [&](Napi::Value element, const std::string& path) {
    if (results.size() == kMaxResults) return refuse(problem, "", "must have at most 16384 entries");
    results.push_back(readCheckResult(element, path, problem));
  });
  if (problem) return *problem;
  return results;
}

std::variant<runtime::CoreOptions, FieldProblem> readStartOptions(Napi::Value value) {
  Problem problem;
  runtime::CoreOptions options;
  FieldReader fields(value, "", problem);
  options.realTime = fields.boolean("realTime");
  options.gate = fields.boolean("gate");
  fields.array("heldAddresses", into(options.heldAddresses, problem, readHeldAddress));
  if (problem) return *problem;
  return options;
}

}  // namespace aloft::addon
