#include "addon/forecast.h"

#include <vector>

#include "addon/desiredState.h"
#include "addon/fieldReader.h"
#include "addon/toJavaScript.h"
#include "vrrp/forecast.h"
#include "wire/ipAddress.h"

namespace aloft::addon {
namespace {

using Problem = std::optional<runtime::FieldProblem>;

/// The router is checked as the only one of a node.
vrrp::Candidate readCandidate(Napi::Value value, const std::string& path, Problem& problem) {
  vrrp::Candidate candidate;
  FieldReader reader(value, path, problem);
  const std::string address = reader.text("address");
  if (problem) return candidate;
  if (!wire::parseIpAddress(address, candidate.address)) {
    refuse(problem, path + ".address", "must be an IP address");
    return candidate;
  }
  const Napi::Object state = Napi::Object::New(value.Env());
  const Napi::Array routers = Napi::Array::New(value.Env(), 1);
  routers.Set(0U, value.As<Napi::Object>().Get("router"));
  state.Set("routers", routers);
  auto desired = readDesiredState(state);
  if (const auto* wrong = std::get_if<runtime::FieldProblem>(&desired)) {
    refuse(problem, path + "." + wrong->path, wrong->message);
  } else {
    candidate.config = std::move(std::get<0>(desired).routers.front().election);
  }
  return candidate;
}

Napi::Object toTakeover(Napi::Env env, const vrrp::Forecast& forecast) {
  const Napi::Object result = Napi::Object::New(env);
  if (forecast.successor) result.Set("successor", static_cast<double>(*forecast.successor));
  result.Set("takeoverMs", std::chrono::duration<double, std::milli>(forecast.takeover).count());
  return result;
}

}  // namespace

Napi::Value forecast(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Problem problem;
  std::vector<vrrp::Candidate> candidates;
  FieldReader::readArray(info[0], "candidates", problem, [&](Napi::Value value, const std::string& path) {
    candidates.push_back(readCandidate(value, path, problem));
  });
  const double active = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(active >= 0 && active < static_cast<double>(candidates.size()))) refuse(problem, "active", "must be the place of a candidate");
  if (problem) return toRefusal(env, "forecast", *problem);
  const auto place = static_cast<std::size_t>(active);
  const Napi::Object result = toResult(env, {});
  result.Set("killed", toTakeover(env, vrrp::forecastLoss(candidates, place, vrrp::Loss::Silence)));
  result.Set("stopped", toTakeover(env, vrrp::forecastLoss(candidates, place, vrrp::Loss::Resignation)));
  return result;
}

}  // namespace aloft::addon
