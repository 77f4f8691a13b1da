#pragma once
// Reads fields of JavaScript objects, and says which one is wrong. The first problem stays; later reads return defaults.

#include <napi.h>

#include <functional>
#include <optional>
#include <string>

#include "runtime/desiredState.h"
#include "runtime/fields.h"

namespace aloft::addon {

class FieldReader {
 public:
  using Each = std::function<void(Napi::Value, const std::string&)>;

  /// `path` is that of the object itself: "" or "routers[2]".
  FieldReader(Napi::Value object, std::string path, std::optional<runtime::FieldProblem>& problem);

  std::string text(const char* name);
  /// A number, or a BigInt that a double holds exactly.
  double number(const char* name);
  bool boolean(const char* name);
  /// Calls `each` with every element and its path.
  void array(const char* name, const Each& each);
  /// Calls `take` with the object's reader.
  void object(const char* name, const std::function<void(FieldReader&)>& take);

  // The same of fields that may be left out, which is what undefined means.
  runtime::MaybeText maybeText(const char* name);
  runtime::MaybeNumber maybeNumber(const char* name);
  bool maybeBoolean(const char* name, bool absent);
  /// Whether it is there.
  bool maybeArray(const char* name, const Each& each);
  /// Calls `take` with the object's reader if there is one.
  void maybeObject(const char* name, const std::function<void(FieldReader&)>& take);

  /// The same of an array that is no field: its elements are "[0]", "[1]", … behind `path`.
  static void readArray(Napi::Value value, const std::string& path, std::optional<runtime::FieldProblem>& problem, const Each& each);

 private:
  Napi::Value get(const char* name);
  std::string pathOf(const char* name) const;
  std::string toText(const char* name, Napi::Value value);
  double toNumber(const char* name, Napi::Value value);
  bool toBoolean(const char* name, Napi::Value value);

  Napi::Value object_;
  std::string path_;
  std::optional<runtime::FieldProblem>& problem_;
};

/// Enters the problem unless there is one already.
void refuse(std::optional<runtime::FieldProblem>& problem, const std::string& path, const std::string& message);

}  // namespace aloft::addon
