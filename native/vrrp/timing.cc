#include "vrrp/timing.h"

namespace aloft::vrrp {

using std::chrono::duration_cast;
using std::chrono::seconds;

Duration skewTime(std::uint8_t version, std::uint8_t priority, Duration interval) {
  const Duration base = version == 2 ? Duration(seconds(1)) : interval;
  return base * (256 - priority) / 256;
}

Duration activeDownInterval(std::uint8_t version, std::uint8_t priority, Duration interval) {
  return 3 * interval + skewTime(version, priority, interval);
}

Duration fromWire(std::uint8_t version, std::uint16_t interval) {
  return version == 2 ? Duration(seconds(interval)) : Duration(Centiseconds(interval));
}

std::uint16_t toWire(std::uint8_t version, Duration interval) {
  const auto units = version == 2 ? duration_cast<seconds>(interval).count() : duration_cast<Centiseconds>(interval).count();
  return static_cast<std::uint16_t>(units);
}

}  // namespace aloft::vrrp
