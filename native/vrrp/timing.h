#pragma once
// Timer arithmetic of both versions, and the only place that knows the wire's units of time.

#include <cstdint>

#include "vrrp/time.h"

namespace aloft::vrrp {

inline constexpr std::uint8_t kOwnerPriority = 255;  ///< RFC 9568 §5.2.4
inline constexpr std::uint8_t kResign = 0;           ///< the priority that says "I stop being MASTER"

/// Skew_Time. Version 3 (RFC 9568 §6.1): (256 − priority) × interval / 256, not rounded to centiseconds, for else all priorities
/// race at 10 ms. Version 2 (RFC 3768 §6.1): (256 − priority) / 256 seconds, whatever the interval.
Duration skewTime(std::uint8_t version, std::uint8_t priority, Duration interval);

/// Active_Down_Interval (version 2: Master_Down_Interval): 3 × interval + Skew_Time, where version 3 uses the MASTER's interval.
Duration activeDownInterval(std::uint8_t version, std::uint8_t priority, Duration interval);

/// A message's interval field: centiseconds in version 3, seconds in version 2.
Duration fromWire(std::uint8_t version, std::uint16_t interval);
std::uint16_t toWire(std::uint8_t version, Duration interval);

}  // namespace aloft::vrrp
