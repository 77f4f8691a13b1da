#include "ipvs/describe.h"

#include <gtest/gtest.h>

#include "support/make.h"

namespace aloft::ipvs {
namespace {

TEST(Describe, NamesServicesAsPeopleWriteThem) {
  EXPECT_EQ(describe(tcp("192.0.2.10")), "TCP 192.0.2.10:80");
  EXPECT_EQ(describe(udp("2001:db8::10")), "UDP [2001:db8::10]:53");
  EXPECT_EQ(describe(mark(10, wire::Family::IPv6)), "mark 10 (IPv6)");
}

TEST(Describe, SaysWhatIsDoneToWhat) {
  const auto web = tcp("192.0.2.10");
  EXPECT_EQ(describe(Operation(SetService{true, web, {}})), "add service TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(SetService{false, web, {}})), "change service TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(RemoveService{web})), "remove service TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(SetDestination{true, web, server("10.0.0.1")})), "add 10.0.0.1:80 to TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(SetDestination{false, web, server("10.0.0.1")})), "change 10.0.0.1:80 of TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(RemoveDestination{web, server("10.0.0.1").key})), "remove 10.0.0.1:80 from TCP 192.0.2.10:80");
  EXPECT_EQ(describe(Operation(StartDaemon{daemonOn("eth0", wire::IpvsDaemonRole::Backup)})), "start backup sync daemon on eth0");
  EXPECT_EQ(nameOf(Operation(SetDestination{false, web, {}})), "change destination");
  EXPECT_EQ(nameOf(Operation(SetTimeouts{})), "set time-outs");
}

}  // namespace
}  // namespace aloft::ipvs
