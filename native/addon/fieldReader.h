#pragma once
// Reads fields of JavaScript objects, and says which one is wrong. The first problem stays; later reads return defaults.

#include <napi.h>

#include <functional>
#include <optional>
#include <string>

#include "runtime/validation.h"

namespace aloft::addon {

class FieldReader {
 public:
  /// `path` is that of the object itself: "" or "routers[2]".
  FieldReader(Napi::Value object, std::string path, std::optional<runtime::FieldProblem>& problem);

  std::string text(const char* name);
  /// A number, or a BigInt that a double holds exactly.
  double number(const char* name);
  bool boolean(const char* name);
  /// Calls `each` with every element and its path.
  void array(const char* name, const std::function<void(Napi::Value, const std::string&)>& each);

 private:
  Napi::Value get(const char* name);
  std::string pathOf(const char* name) const;

  Napi::Value object_;
  std::string path_;
  std::optional<runtime::FieldProblem>& problem_;
};

/// Enters the problem unless there is one already.
void refuse(std::optional<runtime::FieldProblem>& problem, const std::string& path, const std::string& message);

}  // namespace aloft::addon
