#pragma once
// Words and numbers of the tables below /proc.

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace aloft::wire {

/// Takes the next word; empty at the end.
inline std::string_view takeWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view result = line.substr(0, line.find(' '));
  line.remove_prefix(result.size());
  return result;
}

/// All of `text`, or nothing.
template <typename Number>
std::optional<Number> parseNumber(std::string_view text, int base) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace aloft::wire
