#pragma once
// Checks one object of a desired state field by field, and says which one is wrong. The first problem stays; what is read behind it is of
// no use to anybody.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "wire/ipAddress.h"

namespace aloft::runtime {

/// What is wrong, and with which field: "routers[2].interface".
struct FieldProblem {
  std::string path;
  std::string message;
};

/// A whole number with bounds and steps.
struct NumberRange {
  double min;
  double max;
  double step = 1;
};

template <class T>
using Choice = std::pair<const char*, T>;

class Fields {
 public:
  /// `path` is that of the object itself: "" or "routers[2]".
  Fields(std::string path, std::optional<FieldProblem>& problem) : path_(std::move(path)), problem_(problem) {}

  /// An element of an array in a field of this object: "routers[2].addresses[0]".
  Fields element(const char* field, std::size_t index) const;
  /// An object in a field of this one.
  Fields object(const char* field) const { return {pathOf(field), problem_}; }

  void fail(const std::string& field, const std::string& message) const;
  bool failed() const { return problem_.has_value(); }

  template <class T>
  T number(const char* field, double value, const NumberRange& range) const {
    return checkNumber(field, value, range) ? static_cast<T>(value) : T{};
  }
  template <class T>
  T number(const char* field, const std::optional<double>& value, const NumberRange& range, T absent) const {
    return value ? number<T>(field, *value, range) : absent;
  }

  template <class T, std::size_t Count>
  T choice(const char* field, const std::string& value, const std::array<Choice<T>, Count>& choices) const {
    for (const auto& [name, meaning] : choices) {
      if (value == name) return meaning;
    }
    std::string names;
    for (std::size_t i = 0; i < Count; ++i) names += (i == 0 ? "" : i + 1 == Count ? " or " : ", ") + std::string(choices[i].first);
    fail(field, "must be " + names + ", not \"" + value + "\"");
    return choices[0].second;
  }

  /// 1 to `max` bytes.
  std::string name(const std::string& field, const std::string& value, std::size_t max) const;
  std::string interface(const std::string& field, const std::string& value) const;
  std::string interface(const std::string& field, const std::optional<std::string>& value) const;
  /// An address that a host can have; of `family` if one is given.
  wire::IpAddress address(const std::string& field, const std::string& value, std::optional<wire::Family> family) const;
  wire::IpAddress group(const std::string& field, const std::string& value, wire::Family family) const;
  /// "ADDRESS/PREFIXLENGTH" of an address that a host can have.
  wire::IpPrefix hostPrefix(const std::string& field, const std::string& value) const;
  /// "ADDRESS/PREFIXLENGTH" of `family`.
  wire::IpPrefix prefix(const std::string& field, const std::string& value, wire::Family family) const;
  /// The same of a network: nothing set behind the prefix length.
  wire::IpPrefix network(const std::string& field, const std::string& value, wire::Family family) const;

 private:
  bool checkNumber(const char* field, double value, const NumberRange& range) const;
  std::string pathOf(const std::string& field) const;

  std::string path_;
  std::optional<FieldProblem>& problem_;
};

inline constexpr std::array<Choice<wire::Family>, 2> kFamilies = {{{"IPv4", wire::Family::IPv4}, {"IPv6", wire::Family::IPv6}}};

/// An interface name as the kernel allows it: 1–15 bytes, neither "." nor "..", without "/", ":" and blanks. Empty when it is good, else
/// what is wrong.
std::string interfaceProblem(const std::string& name);

}  // namespace aloft::runtime
