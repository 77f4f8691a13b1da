#pragma once
// Short words for long values.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ipvs/table.h"

namespace aloft::ipvs {

inline wire::IpAddress address(const std::string& text) {
  wire::IpAddress out;
  EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
  return out;
}

inline wire::IpvsServiceKey tcp(const std::string& text, std::uint16_t port = 80) {
  const wire::IpAddress at = address(text);
  return {at.family, wire::IpvsProtocol::Tcp, at, port, 0};
}

inline wire::IpvsServiceKey udp(const std::string& text, std::uint16_t port = 53) {
  wire::IpvsServiceKey key = tcp(text, port);
  key.protocol = wire::IpvsProtocol::Udp;
  return key;
}

inline wire::IpvsServiceKey mark(std::uint32_t number, wire::Family family = wire::Family::IPv4) {
  return {family, wire::IpvsProtocol::None, {}, 0, number};
}

inline wire::IpvsDestination server(const std::string& text, std::uint32_t weight = 1, std::uint16_t port = 80) {
  wire::IpvsDestination destination;
  destination.key = {address(text), port};
  destination.weight = weight;
  return destination;
}

inline Service service(const wire::IpvsServiceKey& key, std::vector<wire::IpvsDestination> destinations, const char* scheduler = "rr") {
  Service out;
  out.key = key;
  out.settings.scheduler = scheduler;
  out.settings.prefixLength = key.family == wire::Family::IPv4 ? 32 : 128;
  out.destinations = std::move(destinations);
  return out;
}

inline wire::IpvsDaemon daemonOn(const char* interface, wire::IpvsDaemonRole role) {
  wire::IpvsDaemon daemon;
  daemon.role = role;
  daemon.interface = interface;
  daemon.syncId = 7;
  return daemon;
}

inline Table table(std::vector<Service> services) {
  Table out;
  out.services = std::move(services);
  return out;
}

}  // namespace aloft::ipvs
