#include "runtime/channels.h"

namespace aloft::runtime {

Channels::~Channels() {
  for (Command command; commands.pop(command);) delete command.table;
  for (Report report; reports.pop(report);) delete report.sockets;
  for (Order order; orders.pop(order);) {
    delete order.table;
    delete order.sockets;
  }
}

os::Result<std::unique_ptr<Channels>> Channels::open() {
  auto vrrp = os::Wakeup::open();
  if (!vrrp.ok()) return vrrp.error();
  auto actuator = os::Wakeup::open();
  if (!actuator.ok()) return actuator.error();
  auto snapshot = os::Wakeup::open();
  if (!snapshot.ok()) return snapshot.error();
  return std::make_unique<Channels>(std::move(vrrp.value()), std::move(actuator.value()), std::move(snapshot.value()));
}

}  // namespace aloft::runtime
