#include "runtime/ipvsSnapshot.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "support/bed.h"
#include "support/make.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using ipvs::server;
using ipvs::service;
using ipvs::table;
using ipvs::tcp;

const wire::IpvsServiceKey kWeb = tcp("192.0.2.10");

TEST(IpvsSnapshot, TellsWhatDrains) {
  ipvs::Bed bed;
  ipvs::Service web = service(kWeb, {server("10.0.0.1"), server("10.0.0.2")});
  web.drainSeconds = 60;
  bed.want(table({web}));
  bed.settle();
  bed.kernel.destination(kWeb, server("10.0.0.2").key)->active = 1;
  web.destinations.pop_back();
  bed.want(table({web}));
  bed.settle();
  const IpvsSnapshot snapshot = toSnapshot(bed.reconciler, "");
  EXPECT_TRUE(snapshot.programmed);
  ASSERT_EQ(snapshot.services.size(), 1u);
  ASSERT_EQ(snapshot.services[0].destinations.size(), 2u);
  EXPECT_FALSE(snapshot.services[0].destinations[0].draining);
  EXPECT_TRUE(snapshot.services[0].destinations[1].draining);
}

TEST(IpvsSnapshot, HasTheRefusalsWhereTheyBelong) {
  ipvs::Bed bed;
  ipvs::Table wanted = table({service(kWeb, {server("10.0.0.1"), server("2001:db8::1")})});
  wanted.managesDaemons = true;
  wanted.daemons = {ipvs::daemonOn("eth7", wire::IpvsDaemonRole::Master)};
  bed.want(wanted);
  bed.run(10s);
  const IpvsSnapshot snapshot = toSnapshot(bed.reconciler, "");
  EXPECT_FALSE(snapshot.programmed);
  ASSERT_EQ(snapshot.services.size(), 1u);
  EXPECT_EQ(snapshot.services[0].message, "add [2001:db8::1]:80 to TCP 192.0.2.10:80: Invalid argument");
  EXPECT_EQ(snapshot.message, "start master sync daemon on eth7: No such device (there is no such interface)");
  EXPECT_GE(snapshot.failures, 2u);
}

TEST(IpvsSnapshot, WithoutAKernelItHasNoServicesAndSaysWhy) {
  ipvs::Bed bed;
  bed.want(table({service(kWeb, {})}));
  bed.settle();
  const IpvsSnapshot snapshot = toSnapshot(bed.reconciler, "find IPVS: not there");
  EXPECT_TRUE(snapshot.services.empty());
  EXPECT_EQ(snapshot.message, "find IPVS: not there");
}

TEST(IpvsSnapshot, ExplainsAMissingPersistenceEngine) {
  ipvs::SetService operation{true, kWeb, service(kWeb, {}).settings};
  operation.settings.engine = "sip";
  EXPECT_EQ(explain({operation, ENOENT}),
            "add service TCP 192.0.2.10:80: No such file or directory (the kernel has no scheduler rr or no persistence engine sip: module "
            "ip_vs_rr, ip_vs_pe_sip)");
  EXPECT_EQ(explain({operation, EPERM}), "add service TCP 192.0.2.10:80: Operation not permitted");
}

}  // namespace
}  // namespace aloft::runtime
