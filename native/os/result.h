#pragma once
// What a system call gave: a value, or which operation failed with which errno. Errors are values; nothing here throws.

#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace aloft::os {

/// `operation` is a string literal that names the call and its object, e.g. "bind VRRP socket".
struct Error {
  const char* operation = "";
  int number = 0;

  /// "bind VRRP socket: Operation not permitted"
  std::string message() const;
};

/// The text of an errno, without its operation. Safe in every thread.
std::string describe(int number);

inline Error lastError(const char* operation) { return {operation, errno}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}  // NOLINT: implicit as in std::expected
  Result(Error error) : content_(error) {}         // NOLINT

  bool ok() const { return content_.index() == 0; }
  T& value() { return *std::get_if<0>(&content_); }
  const T& value() const { return *std::get_if<0>(&content_); }
  const Error& error() const { return *std::get_if<1>(&content_); }

 private:
  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}  // NOLINT

  bool ok() const { return error_.number == 0; }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

using Status = Result<void>;

}  // namespace aloft::os
