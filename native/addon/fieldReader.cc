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

std::string FieldReader::text(const char* name) {
  const Napi::Value value = get(name);
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  refuse(problem_, pathOf(name), "must be a string");
  return "";
}

double FieldReader::number(const char* name) {
  const Napi::Value value = get(name);
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

bool FieldReader::boolean(const char* name) {
  const Napi::Value value = get(name);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  refuse(problem_, pathOf(name), "must be true or false");
  return false;
}

void FieldReader::array(const char* name, const std::function<void(Napi::Value, const std::string&)>& each) {
  const Napi::Value value = get(name);
  if (!value.IsArray()) {
    refuse(problem_, pathOf(name), "must be an array");
    return;
  }
  const auto array = value.As<Napi::Array>();
  const std::uint32_t length = array.Length();
  for (std::uint32_t i = 0; i < length && !problem_; ++i) {
    const Napi::HandleScope scope(value.Env());
    const std::string path = pathOf(name) + "[" + std::to_string(i) + "]";
    const Napi::Value element = array.Get(i);
    if (value.Env().IsExceptionPending()) {
      refuse(problem_, path, "cannot be read: " + value.Env().GetAndClearPendingException().Message());
    } else {
      each(element, path);
    }
  }
}

}  // namespace aloft::addon
