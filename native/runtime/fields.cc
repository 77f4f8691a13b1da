#include "runtime/fields.h"

#include <algorithm>
#include <cmath>

namespace aloft::runtime {
namespace {

std::string text(double number) {
  std::string digits = std::to_string(number);  // "100.000000"
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

const char* nameOf(wire::Family family) { return family == wire::Family::IPv4 ? "IPv4" : "IPv6"; }

bool isNetwork(const wire::IpPrefix& prefix) {
  for (std::size_t bit = prefix.length; bit < prefix.address.size() * 8; ++bit) {
    if ((prefix.address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

Fields Fields::element(const char* field, std::size_t index) const { return {pathOf(field) + "[" + std::to_string(index) + "]", problem_}; }

std::string Fields::pathOf(const std::string& field) const { return path_.empty() || field.empty() ? path_ + field : path_ + "." + field; }

void Fields::fail(const std::string& field, const std::string& message) const {
  if (!problem_) problem_ = FieldProblem{pathOf(field), message};
}

bool Fields::checkNumber(const char* field, double value, const NumberRange& range) const {
  // Written so that NaN fails.
  if (value >= range.min && value <= range.max && std::fmod(value, range.step) == 0) return true;
  const std::string kind = range.step == 1 ? "a whole number" : "a multiple of " + text(range.step);
  fail(field, "must be " + kind + " from " + text(range.min) + " to " + text(range.max) + ", not " + text(value));
  return false;
}

std::string Fields::name(const std::string& field, const std::string& value, std::size_t max) const {
  if (value.empty() || value.size() > max) fail(field, "must have 1 to " + std::to_string(max) + " characters");
  return value;
}

std::string Fields::interface(const std::string& field, const std::string& value) const {
  if (const std::string problem = interfaceProblem(value); !problem.empty()) fail(field, problem);
  return value;
}

std::string Fields::interface(const std::string& field, const std::optional<std::string>& value) const {
  return value ? interface(field, *value) : "";
}

wire::IpAddress Fields::address(const std::string& field, const std::string& value, std::optional<wire::Family> family) const {
  wire::IpAddress address;
  if (!wire::parseIpAddress(value, address)) {
    fail(field, "\"" + value + "\" is no IP address");
  } else if (family && address.family != *family) {
    fail(field, value + " is no " + nameOf(*family) + " address");
  } else if (address.isUnspecified() || address.isMulticast()) {
    fail(field, value + " is no address that a host can have");
  }
  return address;
}

wire::IpAddress Fields::group(const std::string& field, const std::string& value, wire::Family family) const {
  wire::IpAddress address;
  if (!wire::parseIpAddress(value, address) || address.family != family || !address.isMulticast()) {
    fail(field, "\"" + value + "\" is no " + std::string(nameOf(family)) + " multicast address");
  }
  return address;
}

wire::IpPrefix Fields::hostPrefix(const std::string& field, const std::string& value) const {
  wire::IpPrefix prefix;
  if (!wire::parseIpPrefix(value, prefix)) {
    fail(field, "\"" + value + "\" is not of the form ADDRESS/PREFIXLENGTH");
  } else if (prefix.address.isUnspecified() || prefix.address.isMulticast()) {
    fail(field, value + " is no address that a host can have");
  }
  return prefix;
}

wire::IpPrefix Fields::prefix(const std::string& field, const std::string& value, wire::Family family) const {
  wire::IpPrefix prefix;
  if (!wire::parseIpPrefix(value, prefix)) {
    fail(field, "\"" + value + "\" is not of the form ADDRESS/PREFIXLENGTH");
  } else if (prefix.address.family != family) {
    fail(field, value + " is not of " + nameOf(family));
  }
  return prefix;
}

wire::IpPrefix Fields::network(const std::string& field, const std::string& value, wire::Family family) const {
  const wire::IpPrefix network = prefix(field, value, family);
  if (!failed() && !isNetwork(network)) fail(field, value + " has bits set behind its prefix length");
  return network;
}

std::string interfaceProblem(const std::string& name) {
  constexpr std::size_t kMaxName = 15;  // IFNAMSIZ - 1
  if (name.empty() || name.size() > kMaxName) return "must have 1 to 15 characters";
  const bool badCharacter =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || c == ':' || c <= ' ' || c == 0x7f; });
  if (badCharacter || name == "." || name == "..") return "\"" + name + "\" is no name of an interface";
  return "";
}

}  // namespace aloft::runtime
