#include "vrrp/timing.h"

#include <algorithm>
#include <bit>

#include "vrrp/engine.h"

namespace aloft::vrrp {

using std::chrono::duration_cast;
using std::chrono::seconds;

namespace {

constexpr Duration kHandOverMargin = std::chrono::milliseconds(100);

// A phase of its own for each would cost each advert a wake-up and a system call of its own.
constexpr Duration kShortestStep = std::chrono::microseconds(600);
constexpr std::uint32_t kMostSteps = 1024;
constexpr std::uint64_t kAllOrdinals = std::uint64_t{1} << 32;

/// The van der Corput sequence: its first n values lie evenly in the interval, whatever n.
std::uint32_t reverseBits(std::uint32_t value) {
  value = (value >> 1 & 0x55555555) | (value & 0x55555555) << 1;
  value = (value >> 2 & 0x33333333) | (value & 0x33333333) << 2;
  value = (value >> 4 & 0x0f0f0f0f) | (value & 0x0f0f0f0f) << 4;
  value = (value >> 8 & 0x00ff00ff) | (value & 0x00ff00ff) << 8;
  return value >> 16 | value << 16;
}

}  // namespace

Duration skewTime(std::uint8_t version, std::uint8_t priority, Duration interval) {
  const Duration base = version == 2 ? Duration(seconds(1)) : interval;
  return base * (256 - priority) / 256;
}

Duration activeDownInterval(std::uint8_t version, std::uint8_t priority, Duration interval, std::uint8_t adverts) {
  return adverts * interval + skewTime(version, priority, interval);
}

Duration claimTime(std::uint8_t version, Duration interval, std::uint8_t adverts) {
  return adverts * interval + (adverts == 1 ? skewTime(version, kOwnerPriority, interval) : Duration(0));
}

Duration handOverPatience(std::uint8_t version, Duration interval) {
  return std::clamp(skewTime(version, 1, interval) + kHandOverMargin, kHandOverPatience, kHandOverLimit);
}

TimePoint nextPhase(std::uint32_t ordinal, Duration interval, TimePoint now) {
  const std::int64_t length = interval.count();
  const auto steps = std::clamp(std::bit_floor(static_cast<std::uint32_t>(interval / kShortestStep)), 1u, kMostSteps);
  const std::int64_t offset = length * static_cast<std::int64_t>(reverseBits(ordinal) / (kAllOrdinals / steps)) / steps;
  const std::int64_t since = now.time_since_epoch().count() - offset;
  const std::int64_t whole = since / length - (since % length < 0 ? 1 : 0);
  return TimePoint(Duration(offset + (whole + 1) * length));
}

Duration fromWire(std::uint8_t version, std::uint16_t interval) {
  return version == 2 ? Duration(seconds(interval)) : Duration(Centiseconds(interval));
}

std::uint16_t toWire(std::uint8_t version, Duration interval) {
  const auto units = version == 2 ? duration_cast<seconds>(interval).count() : duration_cast<Centiseconds>(interval).count();
  return static_cast<std::uint16_t>(units);
}

}  // namespace aloft::vrrp
