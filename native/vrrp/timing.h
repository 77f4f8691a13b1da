#pragma once
// Timer arithmetic of both versions, and the only place that knows the wire's units of time.

#include <cstdint>

#include "vrrp/time.h"

namespace aloft::vrrp {

inline constexpr std::uint8_t kOwnerPriority = 255;   ///< RFC 9568 §5.2.4
inline constexpr std::uint8_t kResign = 0;            ///< the priority that says "I stop being MASTER"
inline constexpr std::uint8_t kDownTimerAdverts = 3;  ///< RFC 9568 §6.1, RFC 3768 §6.1

/// Skew_Time. Version 3 (RFC 9568 §6.1): (256 − priority) × interval / 256, not rounded to centiseconds, for else all priorities
/// race at 10 ms. Version 2 (RFC 3768 §6.1): (256 − priority) / 256 seconds, whatever the interval.
Duration skewTime(std::uint8_t version, std::uint8_t priority, Duration interval);

/// Active_Down_Interval (version 2: Master_Down_Interval): `adverts` × interval + Skew_Time, where version 3 uses the MASTER's interval.
Duration activeDownInterval(std::uint8_t version, std::uint8_t priority, Duration interval, std::uint8_t adverts = kDownTimerAdverts);

/// For how long after an advert nobody takes over from its sender, and its gate may be open: `adverts` intervals. With a single one the
/// next advert would always be too late for it, so that the least Skew_Time is added.
Duration claimTime(std::uint8_t version, Duration interval, std::uint8_t adverts);

/// How long a MASTER that hands over waits for a successor: the longest Skew_Time and a little, within the bounds of engine.h.
Duration handOverPatience(std::uint8_t version, Duration interval);

/// When the next advert of a MASTER is due: after `now`, at most an interval later, at a phase of the interval that `ordinal` gives. Small
/// ordinals have phases that lie evenly, so that a thousand virtual routers that became MASTER in one moment do not go on sending together;
/// but on a grid (of 16 steps at 10 ms, 128 at 100 ms, never more than 1024), so that those of one step share a wake-up and a system call.
TimePoint nextPhase(std::uint32_t ordinal, Duration interval, TimePoint now);

/// A message's interval field: centiseconds in version 3, seconds in version 2.
Duration fromWire(std::uint8_t version, std::uint16_t interval);
std::uint16_t toWire(std::uint8_t version, Duration interval);

}  // namespace aloft::vrrp
