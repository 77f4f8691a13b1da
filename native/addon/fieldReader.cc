#include "addon/fieldReader.h"

namespace aloft::addon {

void refuse(std::optional<runtime::FieldProblem>& problem, const std::string& path, const std::string& message) {
  if (!problem) problem = runtime::FieldProblem{path, message};
}

FieldReader::FieldReader(Napi::Value object, std::string path, std::optional<runtime::FieldProblem>& problem)
    : object_(object), path_(std::move(path)), problem_(problem) {
  if (!object_.IsObject()) refuse(problem_, path_, "must be an object");
}

std::string FieldReader::pathOf(const char* name) const { return path_.empty() ? name : path_ + "." + name; }

Napi::Value FieldReader::get(const char* name) {
  Napi::Env env = object_.Env();
  if (problem_ || !object_.IsObject()) return env.Undefined();
  const Napi::Value value = object_.As<Napi::Object>().Get(name);
  // A getter may throw; nothing of that kind leaves this boundary.
  if (env.IsExceptionPending()) {
    refuse(problem_, pathOf(name), "cannot be read: " + env.GetAndClearPendingException().Message());
    return env.Undefined();
  }
  return value;
}

std::string FieldReader::toText(const char* name, Napi::Value value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  refuse(problem_, pathOf(name), "must be a string");
  return "";
}

double FieldReader::toNumber(const char* name, Napi::Value value) {
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (value.IsBigInt()) {
    bool lossless = false;
    const std::int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
    constexpr std::int64_t kMaxSafe = (1LL << 53) - 1;
    if (lossless && integer <= kMaxSafe && integer >= -kMaxSafe) return static_cast<double>(integer);
  }
  refuse(problem_, pathOf(name), "must be a number");
  return 0;
}

bool FieldReader::toBoolean(const char* name, Napi::Value value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  refuse(problem_, pathOf(name), "must be true or false");
  return false;
}

void FieldReader::readArray(Napi::Value value, const std::string& path, std::optional<runtime::FieldProblem>& problem, const Each& each) {
  if (!value.IsArray()) return refuse(problem, path, "must be an array");
  const auto array = value.As<Napi::Array>();
  const std::uint32_t length = array.Length();
  for (std::uint32_t i = 0; i < length && !problem; ++i) {
    const Napi::HandleScope scope(value.Env());
    const std::string at = path + "[" + std::to_string(i) + "]";
    const Napi::Value element = array.Get(i);
    if (value.Env().IsExceptionPending()) {
      refuse(problem, at, "cannot be read: " + value.Env().GetAndClearPendingException().Message());
    } else {
      each(element, at);
    }
  }
}

std::string FieldReader::text(const char* name) { return toText(name, get(name)); }
double FieldReader::number(const char* name) { return toNumber(name, get(name)); }
bool FieldReader::boolean(const char* name) { return toBoolean(name, get(name)); }
void FieldReader::array(const char* name, const Each& each) { readArray(get(name), pathOf(name), problem_, each); }

runtime::MaybeText FieldReader::maybeText(const char* name) {
  const Napi::Value value = get(name);
  return value.IsUndefined() ? std::nullopt : runtime::MaybeText(toText(name, value));
}

runtime::MaybeNumber FieldReader::maybeNumber(const char* name) {
  const Napi::Value value = get(name);
  return value.IsUndefined() ? std::nullopt : runtime::MaybeNumber(toNumber(name, value));
}

bool FieldReader::maybeBoolean(const char* name, bool absent) {
  const Napi::Value value = get(name);
  return value.IsUndefined() ? absent : toBoolean(name, value);
}

bool FieldReader::maybeArray(const char* name, const Each& each) {
  const Napi::Value value = get(name);
  if (value.IsUndefined()) return false;
  readArray(value, pathOf(name), problem_, each);
  return true;
}

void FieldReader::object(const char* name, const std::function<void(FieldReader&)>& take) {
  FieldReader fields(get(name), pathOf(name), problem_);
  take(fields);
}

void FieldReader::maybeObject(const char* name, const std::function<void(FieldReader&)>& take) {
  const Napi::Value value = get(name);
  if (value.IsUndefined()) return;
  FieldReader fields(value, pathOf(name), problem_);
  take(fields);
}

}  // namespace aloft::addon
