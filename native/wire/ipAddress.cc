#include "wire/ipAddress.h"

#include <charconv>
#include <optional>

namespace aloft::wire {
namespace {

constexpr std::size_t kGroups = 8;

/// A whole decimal number without sign or leading zero, at most `limit`.
std::optional<std::uint8_t> parseDecimal(std::string_view text, unsigned limit) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > limit) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::optional<std::uint16_t> parseGroup(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool parseIPv4(std::string_view text, std::span<std::uint8_t, 4> out) {
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return false;
    const auto octet = parseDecimal(text.substr(0, dot), 255);
    if (!octet) return false;
    out[i] = *octet;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return true;
}

/// Colon-separated groups without "::", the last one perhaps as a dotted quad. Returns how many there are, nothing when malformed.
std::optional<std::size_t> parseGroups(std::string_view text, bool quadAllowed, std::span<std::uint16_t, kGroups> out) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == text.size() - 1) return std::nullopt;
    if (quadAllowed && colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      std::array<std::uint8_t, 4> quad{};
      if (count > kGroups - 2 || !parseIPv4(part, quad)) return std::nullopt;
      out[count++] = static_cast<std::uint16_t>(quad[0] << 8 | quad[1]);
      out[count++] = static_cast<std::uint16_t>(quad[2] << 8 | quad[3]);
      return count;
    }
    const auto group = parseGroup(part);
    if (!group || count == kGroups) return std::nullopt;
    out[count++] = *group;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return count;
}

bool parseIPv6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  const std::size_t gap = text.find("::");
  const bool compressed = gap != std::string_view::npos;
  std::array<std::uint16_t, kGroups> head{}, tail{};
  const auto headCount = parseGroups(text.substr(0, gap), !compressed, head);
  const auto tailCount = compressed ? parseGroups(text.substr(gap + 2), true, tail) : std::optional<std::size_t>{0};
  if (!headCount || !tailCount) return false;
  const std::size_t given = *headCount + *tailCount;
  if (compressed ? given >= kGroups : given != kGroups) return false;
  for (std::size_t i = 0; i < *tailCount; ++i) head[kGroups - *tailCount + i] = tail[i];
  for (std::size_t i = 0; i < kGroups; ++i) {
    out[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
    out[2 * i + 1] = static_cast<std::uint8_t>(head[i]);
  }
  return true;
}

void appendNumber(std::string& text, unsigned value, int base) {
  std::array<char, 8> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, base);
  text.append(digits.data(), result.ptr);
}

std::string formatIPv4(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) text += '.';
    appendNumber(text, bytes[i], 10);
  }
  return text;
}

struct ZeroRun {
  std::size_t begin = kGroups;
  std::size_t length = 1;  // RFC 5952 §4.2.2: a single zero group is not shortened
};

ZeroRun longestZeroRun(std::span<const std::uint16_t, kGroups> groups) {
  ZeroRun best;
  for (std::size_t i = 0; i < kGroups;) {
    std::size_t end = i;
    while (end < kGroups && groups[end] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

std::string formatIPv6(std::span<const std::uint8_t> bytes) {
  std::array<std::uint16_t, kGroups> groups{};
  for (std::size_t i = 0; i < kGroups; ++i) groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  const ZeroRun run = longestZeroRun(groups);
  std::string text;
  for (std::size_t i = 0; i < kGroups;) {
    if (i == run.begin) {
      text += "::";
      i += run.length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    appendNumber(text, groups[i++], 16);
  }
  return text;
}

}  // namespace

bool parseIpAddress(std::string_view text, IpAddress& out) {
  IpAddress parsed;
  if (text.find(':') != std::string_view::npos) {
    parsed.family = Family::IPv6;
    if (!parseIPv6(text, parsed.bytes)) return false;
  } else if (!parseIPv4(text, std::span(parsed.bytes).first<4>())) {
    return false;
  }
  out = parsed;
  return true;
}

bool parseIpPrefix(std::string_view text, IpPrefix& out) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  IpPrefix parsed;
  if (!parseIpAddress(text.substr(0, slash), parsed.address)) return false;
  const auto length = parseDecimal(text.substr(slash + 1), static_cast<unsigned>(parsed.address.size() * 8));
  if (!length) return false;
  parsed.length = *length;
  out = parsed;
  return true;
}

std::string format(const IpAddress& address) {
  return address.family == Family::IPv4 ? formatIPv4(address.view()) : formatIPv6(address.view());
}

std::string format(const IpPrefix& prefix) {
  std::string text = format(prefix.address) + '/';
  appendNumber(text, prefix.length, 10);
  return text;
}

std::string format(const MacAddress& mac) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : mac) {
    if (!text.empty()) text += ':';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

}  // namespace aloft::wire
