#include "runtime/snapshot.h"

#include "os/clock.h"

namespace aloft::runtime {

std::string faultMessage(const RouterRecord& record, const vrrp::RouterConfig& config) {
  if (record.state != vrrp::State::Fault) return "";
  const std::string interface = "interface " + config.interface;
  switch (record.reason) {
    case vrrp::Reason::InterfaceMissing:
      return interface + " does not exist";
    case vrrp::Reason::InterfaceDown:
      return interface + " is down or has no carrier";
    case vrrp::Reason::NoSourceAddress:
      return interface + (config.family == wire::Family::IPv4 ? " has no IPv4 address to send adverts from"
                                                              : " has no usable link-local IPv6 address to send adverts from");
    default:
      return interface + " cannot be used";
  }
}

std::int64_t toWallMs(vrrp::TimePoint time) {
  const auto age = os::monotonicNow() - time.time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(os::wallNow() - age).count();
}

}  // namespace aloft::runtime
