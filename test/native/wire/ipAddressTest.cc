#include "wire/ipAddress.h"

#include <arpa/inet.h>

#include <random>
#include <string>

#include "support.h"

namespace aloft::wire {
namespace {

TEST(IpAddress, formatsAsRfc5952Says) {
  // RFC 5952 §4 and §2.1; input, canonical form.
  const std::pair<const char*, const char*> table[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AaAa", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:c000:201"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"fe80::a:b", "fe80::a:b"},
  };
  for (const auto& [text, canonical] : table) EXPECT_EQ(format(ip(text)), canonical) << text;
}

TEST(IpAddress, refusesWhatIsNone) {
  const char* const table[] = {
      "",
      "192.0.2",
      "192.0.2.1.5",
      "192.0.2.256",
      "192.0.2.01",
      "192.0.2.-1",
      "192.0.2.+1",
      "192.0.2.1 ",
      "192.0.2.",
      ".192.0.2",
      "192..2.1",
      "1.2.3.0x4",
      "a.b.c.d",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4::5:6:7:8",
      "12345::",
      "::g",
      "1:",
      ":1",
      "::1:",
      "fe80::1%eth0",
      "::192.0.2.1:1",
      "192.0.2.1::",
      "1:2:3:4:5:6:7:192.0.2.1",
      "::192.0.2",
      "::-1",
      "1: :2",
  };
  for (const char* const text : table) {
    IpAddress address = ip("198.51.100.7");
    EXPECT_FALSE(parseIpAddress(text, address)) << text;
    EXPECT_EQ(address, ip("198.51.100.7")) << "changed by: " << text;
  }
}

TEST(IpAddress, agreesWithTheSystemOnRandomAddresses) {
  std::mt19937 random(5952);
  for (int round = 0; round < 5000; ++round) {
    IpAddress address{Family::IPv6, {}};
    // Many zero groups, so that all forms of compression come up.
    for (std::size_t i = 0; i < 16; i += 2) {
      if (random() % 2 == 0) continue;
      address.bytes[i] = static_cast<std::uint8_t>(random());
      address.bytes[i + 1] = static_cast<std::uint8_t>(random() % 3);
    }
    const std::string text = format(address);
    in6_addr parsed{};
    ASSERT_EQ(inet_pton(AF_INET6, text.c_str(), &parsed), 1) << text;
    ASSERT_EQ(std::memcmp(&parsed, address.bytes.data(), 16), 0) << text;
    ASSERT_EQ(ip(text), address);
    char theirs[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address.bytes.data(), theirs, sizeof theirs);
    if (std::string_view(theirs).find('.') == std::string_view::npos) {
      ASSERT_EQ(text, theirs);
    }
    ASSERT_EQ(ip(theirs), address);
  }
}

TEST(IpPrefix, needsALengthThatFits) {
  EXPECT_EQ(format(prefix("192.0.2.1/24")), "192.0.2.1/24");
  EXPECT_EQ(prefix("192.0.2.1/0").length, 0);
  EXPECT_EQ(prefix("192.0.2.1/32").length, 32);
  EXPECT_EQ(format(prefix("2001:DB8::1/128")), "2001:db8::1/128");
  IpPrefix out;
  for (const char* const text : {"192.0.2.1", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/024", "192.0.2.1/-1", "192.0.2.1/24/24", "::/129",
                                 "/24", "::/256", "::/384"}) {
    EXPECT_FALSE(parseIpPrefix(text, out)) << text;
  }
}

TEST(IpAddress, comparesUnsignedInNetworkOrder) {
  EXPECT_LT(ip("10.0.0.255"), ip("10.0.1.0"));
  EXPECT_LT(ip("127.255.255.255"), ip("128.0.0.0"));
  EXPECT_LT(ip("fe80::1"), ip("fe80::8000:0:0:1"));
  EXPECT_FALSE(ip("10.0.0.1") < ip("10.0.0.1"));
}

TEST(IpAddress, knowsLinkLocal) {
  EXPECT_TRUE(ip("fe80::1").isLinkLocal6());
  EXPECT_TRUE(ip("febf::1").isLinkLocal6());
  EXPECT_FALSE(ip("fec0::1").isLinkLocal6());
  EXPECT_FALSE(ip("2001:db8::1").isLinkLocal6());
  EXPECT_FALSE(ip("254.128.0.1").isLinkLocal6());
}

TEST(MacAddress, isFormattedWithColons) { EXPECT_EQ(format(MacAddress{0, 0, 0x5e, 0, 1, 0xff}), "00:00:5e:00:01:ff"); }

}  // namespace
}  // namespace aloft::wire
