#include "addon/natFunctions.h"

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "addon/fieldReader.h"
#include "addon/toJavaScript.h"
#include "kernel/natTable.h"
#include "runtime/fields.h"

namespace aloft::addon {
namespace {

using Problem = std::optional<runtime::FieldProblem>;

constexpr std::size_t kMaxEntries = 65536;
constexpr runtime::NumberRange kPort{1, 65535};
constexpr std::array<runtime::Choice<std::uint8_t>, 3> kProtocols{{{"TCP", 6}, {"UDP", 17}, {"SCTP", 132}}};

wire::IpAddress readAddress(FieldReader& reader, const runtime::Fields& fields) {
  wire::IpAddress address;
  const std::string text = reader.text("address");
  if (!fields.failed() && !wire::parseIpAddress(text, address)) fields.fail("address", "must be an IP address");
  return address;
}

kernel::NatKey readKey(FieldReader& reader, const runtime::Fields& fields) {
  kernel::NatKey key;
  key.address = readAddress(reader, fields);
  const std::string protocol = reader.text("protocol");
  const double port = reader.number("port");
  if (fields.failed()) return key;
  key.protocol = fields.choice("protocol", protocol, kProtocols);
  key.port = fields.number<std::uint16_t>("port", port, kPort);
  return key;
}

kernel::NatTarget readTarget(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader reader(value, path, problem);
  const runtime::Fields fields(path, problem);
  kernel::NatTarget target;
  target.address = readAddress(reader, fields);
  const double port = reader.number("port");
  if (!fields.failed()) target.port = fields.number<std::uint16_t>("port", port, kPort);
  return target;
}

kernel::NatTranslation readTranslation(Napi::Value value, const std::string& path, Problem& problem) {
  FieldReader reader(value, path, problem);
  kernel::NatTranslation translation;
  translation.key = readKey(reader, runtime::Fields(path, problem));
  translation.byClient = reader.maybeBoolean("byClient", false);
  reader.array("targets", [&](Napi::Value element, const std::string& at) {
    translation.targets.push_back(readTarget(element, at, problem));
    if (translation.targets.back().address.family != translation.key.address.family) refuse(problem, at, "must be of the address's family");
  });
  return translation;
}

std::variant<kernel::NatRules, runtime::FieldProblem> readRules(Napi::Value value) {
  Problem problem;
  kernel::NatRules rules;
  FieldReader root(value, "", problem);
  std::size_t entries = 0;
  const auto mayHaveMore = [&] {
    if (++entries > kMaxEntries) refuse(problem, "", "must have at most 65536 entries");
    return !problem;
  };
  root.array("masqueraded", [&](Napi::Value element, const std::string& path) {
    FieldReader reader(element, path, problem);
    if (mayHaveMore()) rules.masqueraded.push_back(readKey(reader, runtime::Fields(path, problem)));
  });
  root.array("translations", [&](Napi::Value element, const std::string& path) {
    if (mayHaveMore()) rules.translations.push_back(readTranslation(element, path, problem));
  });
  if (problem) return *problem;
  return rules;
}

/// Work that waits for the kernel, and a promise of its result.
class Worker : public Napi::AsyncWorker {
 public:
  using Work = std::function<os::Status()>;
  using Answer = std::function<void(Napi::Object)>;

  static Napi::Value start(
      Napi::Env env, Work work, Answer answer = [](Napi::Object) {}) {
    napi_deferred deferred = nullptr;
    napi_value promise = nullptr;
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) return env.Undefined();
    (new Worker(env, deferred, std::move(work), std::move(answer)))->Queue();  // deletes itself
    return Napi::Value(env, promise);
  }

  void Execute() override { status_ = work_(); }
  void OnOK() override {
    const Napi::Object result = toResult(Env(), status_);
    if (status_.ok()) answer_(result);
    napi_resolve_deferred(Env(), deferred_, result);
  }

 private:
  Worker(Napi::Env env, napi_deferred deferred, Work work, Answer answer)
      : AsyncWorker(env, "aloft nat"), deferred_(deferred), work_(std::move(work)), answer_(std::move(answer)) {}

  napi_deferred deferred_;
  Work work_;
  Answer answer_;
  os::Status status_;
};

/// Reads with `read` and answers with what `fill` makes of it.
template <typename Value, typename Fill>
Napi::Value ask(Napi::Env env, os::Result<Value> (*read)(), Fill fill) {
  const auto found = std::make_shared<Value>();
  const auto work = [found, read]() -> os::Status {
    auto result = read();
    if (!result.ok()) return result.error();
    *found = result.value();
    return {};
  };
  return Worker::start(env, work, [found, fill](Napi::Object result) { fill(result, *found); });
}

Napi::Value replaceNat(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto rules = readRules(info[0]);
  if (const auto* problem = std::get_if<runtime::FieldProblem>(&rules)) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Resolve(toRefusal(env, "replaceNat", *problem));
    return deferred.Promise();
  }
  return Worker::start(env, [rules = std::move(std::get<0>(rules))] { return kernel::replaceNatTable(rules); });
}

Napi::Value removeNat(const Napi::CallbackInfo& info) { return Worker::start(info.Env(), kernel::removeNatTable); }

Napi::Value natGeneration(const Napi::CallbackInfo& info) {
  return ask(info.Env(), kernel::readNatGeneration,
             [](Napi::Object result, std::uint32_t generation) { result.Set("generation", generation); });
}

Napi::Value readNat(const Napi::CallbackInfo& info) {
  return ask(info.Env(), kernel::readNatTable, [](Napi::Object result, const kernel::NatTablePrint& print) {
    result.Set("generation", print.generation);
    result.Set("digest", std::to_string(print.digest));
  });
}

}  // namespace

void defineNatFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("replaceNat", Napi::Function::New(env, replaceNat, "replaceNat"));
  exports.Set("removeNat", Napi::Function::New(env, removeNat, "removeNat"));
  exports.Set("natGeneration", Napi::Function::New(env, natGeneration, "natGeneration"));
  exports.Set("readNat", Napi::Function::New(env, readNat, "readNat"));
}

}  // namespace aloft::addon
