#pragma once
// The filters of traffic control on a link. Every call may wait for the kernel's RTNL lock: actuator thread only.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/netlinkSocket.h"
#include "os/result.h"
#include "wire/trafficControl.h"

namespace aloft::kernel {

/// One filter as it stands in the kernel.
struct Filter {
  wire::FilterPlace place;
  std::uint16_t protocol = 0;
  std::string kind;
  std::string name;
  std::uint32_t program = 0;
};

class FilterClient {
 public:
  static os::Result<FilterClient> open();
  /// See NetlinkSocket::port().
  os::Result<std::uint32_t> port() const { return socket_.port(); }

  /// In the order in which they are asked; none when the link has no clsact or does not exist.
  os::Result<std::vector<Filter>> list(std::uint32_t ifindex, wire::Direction direction);
  /// EEXIST when there is one, or its older half "ingress"; hasClsact() tells.
  os::Status addClsact(std::uint32_t ifindex);
  os::Result<bool> hasClsact(std::uint32_t ifindex);
  os::Status removeClsact(std::uint32_t ifindex);
  os::Status put(const wire::FilterPlace& place, int program, std::string_view name);
  os::Status remove(const wire::FilterPlace& place);

 private:
  explicit FilterClient(os::NetlinkSocket socket) : socket_(std::move(socket)) {}
  /// Repeats a dump while the kernel says that it changed meanwhile.
  template <typename Build, typename Begin, typename Each>
  os::Status dump(const char* operation, Build build, Begin begin, Each each);
  /// Sends what `builder` holds; `each` hears the messages up to the result.
  template <typename Each>
  os::Status ask(const char* operation, const wire::NetlinkBuilder& builder, Each each);
  os::Status ask(const char* operation, const wire::NetlinkBuilder& builder);

  os::NetlinkSocket socket_;
  std::uint32_t sequence_ = 0;
  std::array<std::uint8_t, wire::kMaxTrafficControlRequest> request_{};
};

}  // namespace aloft::kernel
