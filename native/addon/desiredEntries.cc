#include "addon/desiredEntries.h"

namespace aloft::addon {

using Problem = std::optional<runtime::FieldProblem>;

runtime::DesiredAddress readAddress(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredAddress address;
  address.address = fields.text("address");
  address.interface = fields.maybeText("interface");
  address.label = fields.maybeText("label");
  address.scope = fields.maybeText("scope");
  address.broadcast = fields.maybeText("broadcast");
  address.advertised = fields.maybeBoolean("advertised", true);
  return address;
}

static runtime::DesiredNextHop readNextHop(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredNextHop hop;
  hop.via = fields.maybeText("via");
  hop.interface = fields.maybeText("interface");
  hop.weight = fields.maybeNumber("weight");
  hop.onLink = fields.maybeBoolean("onLink", false);
  return hop;
}

runtime::DesiredRoute readRoute(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredRoute route;
  route.family = fields.text("family");
  route.destination = fields.text("destination");
  route.type = fields.text("type");
  fields.array("nextHops",
               [&](Napi::Value element, const std::string& at) { route.nextHops.push_back(readNextHop(element, at, problem)); });
  route.source = fields.maybeText("source");
  route.metric = fields.maybeNumber("metric");
  route.table = fields.maybeNumber("table");
  route.scope = fields.maybeText("scope");
  route.mtu = fields.maybeNumber("mtu");
  return route;
}

runtime::DesiredRule readRule(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader fields(value, path, problem);
  runtime::DesiredRule rule;
  rule.family = fields.text("family");
  rule.action = fields.text("action");
  rule.priority = fields.maybeNumber("priority");
  rule.from = fields.maybeText("from");
  rule.to = fields.maybeText("to");
  rule.inputInterface = fields.maybeText("inputInterface");
  rule.outputInterface = fields.maybeText("outputInterface");
  rule.firewallMark = fields.maybeNumber("firewallMark");
  rule.firewallMask = fields.maybeNumber("firewallMask");
  rule.table = fields.maybeNumber("table");
  return rule;
}

}  // namespace aloft::addon
