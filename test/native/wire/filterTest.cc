#include "wire/filter.h"

#include "support.h"

namespace aloft::wire {
namespace {

/// A small interpreter of the classic BPF instructions that the kernel knows and the programs use, over one packet.
/// The IP header is at 0, the socket's data begin at `dataAt`. Returns how many instructions ran, and the verdict.
struct Run {
  std::uint32_t verdict = 0;
  int steps = 0;
};

/// A random number that lets no rejected packet pass.
constexpr std::uint32_t kUnlucky = 1;

Run run(const VrrpFilter& program, const Bytes& packet, std::size_t dataAt, std::uint32_t random = kUnlucky) {
  std::uint32_t a = 0, x = 0, memory[16] = {};
  Run result;
  const auto byteAt = [&](std::uint32_t offset, bool& ok) -> std::uint32_t {
    const auto signedOffset = static_cast<std::int32_t>(offset);
    const std::size_t at = signedOffset < 0 ? offset - static_cast<std::uint32_t>(-0x100000) : dataAt + offset;
    ok = at < packet.size();
    return ok ? packet[at] : 0;
  };
  for (std::size_t at = 0; at < program.size(); ++at) {
    const FilterInstruction& step = program[at];
    bool ok = true;
    ++result.steps;
    switch (step.code) {
      case 0x30:
        a = byteAt(step.operand, ok);
        break;
      case 0x50:
        a = byteAt(x + step.operand, ok);
        break;
      case 0x20:
        EXPECT_EQ(step.operand, 0xfffff038) << "a word that is not the random number";
        a = random;
        break;
      case 0x80:
        a = static_cast<std::uint32_t>(packet.size() - dataAt);
        break;
      case 0x1c:
        a -= x;
        break;
      case 0x00:
        a = step.operand;
        break;
      case 0x01:
        x = step.operand;
        break;
      case 0xb1:
        x = 4 * (byteAt(step.operand, ok) & 15);
        break;
      case 0x02:
        memory[step.operand] = a;
        break;
      case 0x60:
        a = memory[step.operand];
        break;
      case 0x54:
        a &= step.operand;
        break;
      case 0x74:
        a >>= step.operand;
        break;
      case 0x7c:
        a >>= x;
        break;
      case 0x07:
        x = a;
        break;
      case 0x05:
        at += step.operand;
        break;
      case 0x15:
        at += a == step.operand ? step.jumpTrue : step.jumpFalse;
        break;
      case 0x35:
        at += a >= step.operand ? step.jumpTrue : step.jumpFalse;
        break;
      case 0x45:
        at += (a & step.operand) != 0 ? step.jumpTrue : step.jumpFalse;
        break;
      case 0x06:
        result.verdict = step.operand;
        return result;
      default:
        ADD_FAILURE() << "unknown instruction " << step.code;
        return result;
    }
    if (!ok) return result;  // the kernel drops a packet that a load does not fit into
  }
  ADD_FAILURE() << "ran off the end";
  return result;
}

// Captured from keepalived 2.2.7, with IP header.
const Bytes kIPv4 = hex("45c0 0024 0001 0000 ff70 188b c000 020b e000 0012 3133 c802 0032 df2e c000 0264 c000 0265");
const Bytes kIPv6 =
    hex("6c03 d1d7 0028 70ff fe80 0000 0000 0000 0000 0000 0000 0011 ff02 0000 0000 0000 0000 0000 0000 0012"
        "3136 c902 0032 da73 fe80 0000 0000 0000 0000 0000 0000 0054 2001 0db8 0000 0000 0000 0000 0000 0054");

bool passes4(const VirtualRouterSet& wanted, const Bytes& packet) { return run(vrrpFilter(Family::IPv4, wanted), packet, 0).verdict != 0; }
bool passes6(const VirtualRouterSet& wanted, const Bytes& packet) { return run(vrrpFilter(Family::IPv6, wanted), packet, 40).verdict != 0; }

TEST(VrrpFilter, passesExactlyTheWantedVirtualRouter) {
  for (std::size_t wanted = 0; wanted < 256; ++wanted) {
    VirtualRouterSet one, allOthers;
    one.set(wanted);
    allOthers.set().reset(wanted);
    for (std::size_t received = 0; received < 256; ++received) {
      Bytes packet4 = kIPv4, packet6 = kIPv6;
      packet4[21] = packet6[41] = static_cast<std::uint8_t>(received);
      ASSERT_EQ(passes4(one, packet4), wanted == received) << wanted << " " << received;
      ASSERT_EQ(passes6(one, packet6), wanted == received) << wanted << " " << received;
      ASSERT_EQ(passes4(allOthers, packet4), wanted != received) << wanted << " " << received;
    }
  }
}

TEST(VrrpFilter, passesTheWholePacket) { EXPECT_EQ(run(vrrpFilter(Family::IPv4, VirtualRouterSet().set()), kIPv4, 0).verdict, 0xffffffff); }

TEST(VrrpFilter, dropsOtherTtls) {
  const VirtualRouterSet all = VirtualRouterSet().set();
  for (const std::uint8_t ttl : {0, 1, 64, 254}) {
    Bytes packet4 = kIPv4, packet6 = kIPv6;
    packet4[8] = packet6[7] = ttl;
    EXPECT_FALSE(passes4(all, packet4));
    EXPECT_FALSE(passes6(all, packet6));
  }
  EXPECT_TRUE(passes4(all, kIPv4));
  EXPECT_TRUE(passes6(all, kIPv6));
}

/// From the TTL that a configuration takes of unicast on; multicast is for the link alone in any case.
TEST(VrrpFilter, passesLessOfUnicastWhereThatIsConfigured) {
  const VirtualRouterSet all = VirtualRouterSet().set();
  for (const std::uint8_t least : {0, 1, 64, 254, 255}) {
    const VrrpFilter filter4 = vrrpFilter(Family::IPv4, all, {.leastUnicastTtl = least});
    const VrrpFilter filter6 = vrrpFilter(Family::IPv6, all, {.leastUnicastTtl = least});
    for (const std::uint8_t ttl : {0, 1, 63, 64, 254, 255}) {
      Bytes packet4 = kIPv4, packet6 = kIPv6;
      packet4[8] = packet6[7] = ttl;
      EXPECT_EQ(run(filter4, packet4, 0).verdict != 0, ttl == 255) << "224.0.0.18";
      EXPECT_EQ(run(filter6, packet6, 40).verdict != 0, ttl == 255) << "ff02::12";
      packet4[16] = 192;
      packet6[24] = 0xfe;
      EXPECT_EQ(run(filter4, packet4, 0).verdict != 0, ttl >= least) << +ttl << " of " << +least;
      EXPECT_EQ(run(filter6, packet6, 40).verdict != 0, ttl >= least) << +ttl << " of " << +least;
      EXPECT_LE(run(filter4, packet4, 0).steps, 34);
      EXPECT_LE(run(filter6, packet6, 40).steps, 34);
    }
  }
}

TEST(VrrpFilter, dropsOtherVersionsAndTypes) {
  const VirtualRouterSet all = VirtualRouterSet().set();
  for (int first = 0; first < 256; ++first) {
    Bytes packet4 = kIPv4, packet6 = kIPv6;
    packet4[20] = packet6[40] = static_cast<std::uint8_t>(first);
    EXPECT_EQ(passes4(all, packet4), first == 0x21 || first == 0x31) << first;
    EXPECT_EQ(passes6(all, packet6), first == 0x31) << first << ": there is no version 2 of IPv6";
  }
}

TEST(VrrpFilter, passesOneInSixtyFourOfTheRejected) {
  Bytes packet4 = kIPv4, packet6 = kIPv6;
  packet4[8] = packet6[7] = 64;
  for (const bool unknown : {false, true}) {
    if (unknown) packet4[8] = packet6[7] = 255;
    int passed = 0;
    for (std::uint32_t random = 0x12340000; random < 0x12340000 + 640; ++random) {
      passed += run(vrrpFilter(Family::IPv4, {}), packet4, 0, random).verdict != 0;
      passed += run(vrrpFilter(Family::IPv6, {}), packet6, 40, random).verdict != 0;
    }
    EXPECT_EQ(passed, 20) << unknown;
  }
  static_assert(kFilterSample == 64);
}

TEST(VrrpFilter, passesUnknownVirtualRoutersWhenAskedTo) {
  EXPECT_NE(run(vrrpFilter(Family::IPv4, {}, {.unknownToo = true}), kIPv4, 0).verdict, 0U);
  EXPECT_NE(run(vrrpFilter(Family::IPv6, {}, {.unknownToo = true}), kIPv6, 40).verdict, 0U);
  Bytes packet = kIPv4;
  packet[8] = 254;
  EXPECT_EQ(run(vrrpFilter(Family::IPv4, {}, {.unknownToo = true}), packet, 0).verdict, 0U);
}

void expectAgreement(const IpAddress& destination, std::uint8_t least, std::uint8_t ttl, std::size_t size, std::uint8_t first) {
  const bool four = destination.family == Family::IPv4;
  const std::size_t header = four ? 20 : 40;
  Bytes packet(header + size);
  packet[0] = 0x45;
  packet[four ? 8 : 7] = ttl;
  std::copy(destination.view().begin(), destination.view().end(), packet.begin() + (four ? 16 : 24));
  if (size > 0) packet[header] = first;
  const VrrpFilter filter = vrrpFilter(destination.family, VirtualRouterSet().set(), {.leastUnicastTtl = least});
  const bool fails = failsVrrpFilter(destination, ttl, std::span(packet).subspan(header), least);
  EXPECT_EQ(run(filter, packet, four ? 0 : header).verdict != 0, !fails) << format(destination) << " " << +least << " " << +ttl;
}

/// What comes although it fails is counted as many: both must agree on every packet, or the counters lie.
TEST(VrrpFilter, isWhatFailsVrrpFilterSays) {
  for (const std::uint8_t least : {255, 254, 0}) {
    for (const std::uint8_t ttl : {255, 254, 0}) {
      for (const std::size_t size : {0, 1, 7, 8, 12, 16}) {
        for (const std::uint8_t first : {0x31, 0x21, 0x32, 0x11, 0x00}) {
          for (const char* destination : {"192.0.2.1", "224.0.0.18", "239.255.255.255", "fe80::1", "ff02::12"}) {
            expectAgreement(ip(destination), least, ttl, size, first);
          }
        }
      }
    }
  }
}

TEST(VrrpFilter, looksBehindIPv4Options) {
  Bytes packet = kIPv4;
  packet[0] = 0x46;
  packet.insert(packet.begin() + 20, {0x94, 0x04, 0x00, 0x00});  // router alert
  EXPECT_TRUE(passes4(VirtualRouterSet().set(51), packet));
  EXPECT_FALSE(passes4(VirtualRouterSet().set(4), packet)) << "byte 1 of the option";
}

TEST(VrrpFilter, dropsTruncatedPacketsAndEverythingForAnEmptySet) {
  Bytes packet = kIPv4;
  packet.resize(21);
  EXPECT_FALSE(passes4(VirtualRouterSet().set(), packet));
  EXPECT_FALSE(passes4(VirtualRouterSet(), kIPv4));
  EXPECT_FALSE(passes6(VirtualRouterSet(), kIPv6));
}

TEST(VrrpFilter, costsTheSameHoweverManyAreWanted) {
  for (const Family family : {Family::IPv4, Family::IPv6}) {
    Bytes packet = family == Family::IPv4 ? kIPv4 : kIPv6;
    for (std::size_t received = 0; received < 256; ++received) {
      packet[family == Family::IPv4 ? 21 : 41] = static_cast<std::uint8_t>(received);
      EXPECT_LE(run(vrrpFilter(family, VirtualRouterSet().set()), packet, family == Family::IPv4 ? 0 : 40).steps, 30);
      EXPECT_LE(run(vrrpFilter(family, {}), packet, family == Family::IPv4 ? 0 : 40).steps, 30);
    }
  }
}

}  // namespace
}  // namespace aloft::wire
