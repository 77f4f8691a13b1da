// What goes wrong between client and kernel, with something in the kernel's place that fails on purpose.
#include <cerrno>

#include "fakeIpvs.h"
#include "wire/ipvsFields.h"
#include "wire/ipvsRequest.h"

namespace aloft::kernel {
namespace {

using test::acknowledgement;
using test::Bytes;
using test::done;
using test::FakeIpvs;
using wire::NetlinkMessage;
using Datagrams = std::vector<Bytes>;

constexpr std::uint16_t kFamily = 0x1c;

std::uint8_t commandOf(const NetlinkMessage& asked) { return asked.payload.empty() ? std::uint8_t{0} : asked.payload[0]; }

bool asksForFamily(const NetlinkMessage& asked) { return asked.type == wire::kGenericControllerFamily; }
bool asksFor(const NetlinkMessage& asked, std::uint8_t command) { return asked.type == kFamily && commandOf(asked) == command; }

Bytes family(std::uint32_t sequence, std::uint16_t number = kFamily) {
  Bytes bytes(64);
  wire::NetlinkBuilder builder(bytes);
  wire::beginGeneric(builder, wire::kGenericControllerFamily, 1, 2, 0, sequence);
  builder.text(2, "IPVS");
  builder.number(1, number);
  EXPECT_TRUE(builder.end());
  return {builder.bytes().begin(), builder.bytes().end()};
}

/// A service of a firewall mark, as a dump tells of it.
Bytes service(std::uint32_t sequence, std::uint32_t mark, std::uint16_t flags = wire::kNetlinkMulti) {
  Bytes bytes(128);
  wire::NetlinkBuilder builder(bytes);
  wire::beginGeneric(builder, kFamily, wire::kIpvsNewService, 1, flags, sequence);
  const std::size_t nested = builder.beginNested(wire::kIpvsService);
  builder.number(wire::kServiceFamily, std::uint16_t{2});
  builder.number(wire::kServiceFirewallMark, mark);
  builder.endNested(nested);
  EXPECT_TRUE(builder.end());
  return {builder.bytes().begin(), builder.bytes().end()};
}

/// What all is well with: the family, the information, no service, and no failure.
Datagrams usual(const NetlinkMessage& asked) {
  if (asksForFamily(asked)) return {family(asked.sequence), acknowledgement(asked.sequence)};
  if ((asked.flags & wire::kNetlinkDump) != 0) return {done(asked.sequence)};
  if ((asked.flags & wire::kNetlinkAck) != 0) return {acknowledgement(asked.sequence)};
  return {};
}

std::unique_ptr<IpvsClient> opened(FakeIpvs& kernel) {
  auto client = IpvsClient::open(kernel.source());
  EXPECT_TRUE(client.ok()) << client.error().message();
  return client.ok() ? std::move(client.value()) : nullptr;
}

int errorOf(const os::Result<std::vector<ipvs::StandingService>>& services) { return services.ok() ? 0 : services.error().number; }

int errorOfOpening(FakeIpvs::Answer answer) {
  FakeIpvs kernel(std::move(answer));
  const auto client = IpvsClient::open(kernel.source());
  return client.ok() ? 0 : client.error().number;
}

TEST(IpvsClientFailure, tellsAKernelWithoutIpvsFromOneThatForbidsIt) {
  EXPECT_EQ(errorOfOpening([](const NetlinkMessage& asked, int) { return usual(asked); }), 0);
  EXPECT_EQ(errorOfOpening([](const NetlinkMessage& asked, int) { return Datagrams{acknowledgement(asked.sequence, ENOENT)}; }), ENOENT);
  EXPECT_EQ(errorOfOpening([](const NetlinkMessage& asked, int) { return Datagrams{acknowledgement(asked.sequence)}; }), ENOENT)
      << "the answer tells of no family";
  EXPECT_EQ(errorOfOpening([](const NetlinkMessage& asked, int) {
              return asksFor(asked, wire::kIpvsGetInfo) ? Datagrams{acknowledgement(asked.sequence, EPERM)} : usual(asked);
            }),
            EPERM);
}

TEST(IpvsClientFailure, repeatsAnInterruptedDumpFromTheBeginning) {
  int dumps = 0;
  FakeIpvs kernel([&dumps](const NetlinkMessage& asked, int) {
    if (!asksFor(asked, wire::kIpvsGetService)) return usual(asked);
    if (++dumps == 1)
      return Datagrams{service(asked.sequence, 1), service(asked.sequence, 2, wire::kNetlinkDumpInterrupted), done(asked.sequence)};
    return Datagrams{service(asked.sequence, 1), service(asked.sequence, 3), done(asked.sequence)};
  });
  const auto client = opened(kernel);
  const auto services = client->dump();
  ASSERT_TRUE(services.ok());
  ASSERT_EQ(services.value().size(), 2U);
  EXPECT_EQ(services.value()[1].key.firewallMark, 3U);
  const auto paused = kernel.pause();
  EXPECT_EQ(dumps, 2);
}

TEST(IpvsClientFailure, repeatsAnInterruptedDumpNotForEver) {
  int dumps = 0;
  FakeIpvs kernel([&dumps](const NetlinkMessage& asked, int) {
    if (!asksFor(asked, wire::kIpvsGetService)) return usual(asked);
    ++dumps;
    return Datagrams{service(asked.sequence, 1, wire::kNetlinkDumpInterrupted), done(asked.sequence)};
  });
  const auto client = opened(kernel);
  EXPECT_EQ(errorOf(client->dump()), EINTR);
  const auto paused = kernel.pause();
  EXPECT_EQ(dumps, 5);
}

TEST(IpvsClientFailure, repeatsADumpOfWhichADatagramWasLost) {
  FakeIpvs kernel([](const NetlinkMessage& asked, int connection) {
    if (!asksFor(asked, wire::kIpvsGetService)) return usual(asked);
    // Longer than any of the kernel's: what does not fit is cut off.
    if (connection == 1) return Datagrams{service(asked.sequence, 1), Bytes(70'000), done(asked.sequence)};
    return Datagrams{service(asked.sequence, 2), done(asked.sequence)};
  });
  const auto client = opened(kernel);
  const auto services = client->dump();
  ASSERT_TRUE(services.ok());
  ASSERT_EQ(services.value().size(), 1U);
  EXPECT_EQ(services.value()[0].key.firewallMark, 2U);
  EXPECT_EQ(kernel.connections(), 2) << "what is left of the first dump stays with its socket";
}

TEST(IpvsClientFailure, startsAnewAfterSilenceAndNonsense) {
  for (const auto& [answer, error] : {std::pair(Datagrams{}, ETIMEDOUT), std::pair(Datagrams{Bytes(17, 1)}, EBADMSG)}) {
    bool failing = true;
    FakeIpvs kernel(
        [&](const NetlinkMessage& asked, int) { return failing && asksFor(asked, wire::kIpvsGetService) ? answer : usual(asked); });
    const auto client = opened(kernel);
    EXPECT_EQ(errorOf(client->dump()), error);
    {
      const auto paused = kernel.pause();
      failing = false;
    }
    EXPECT_EQ(errorOf(client->dump()), 0);
    EXPECT_EQ(kernel.connections(), 2);
  }
}

TEST(IpvsClientFailure, asksForTheFamilysNumberAgainWhenItIsGone) {
  constexpr std::uint16_t kOther = 0x1d;
  FakeIpvs kernel([](const NetlinkMessage& asked, int connection) -> Datagrams {
    const std::uint16_t current = connection == 1 ? kFamily : kOther;
    if (asksForFamily(asked)) return {family(asked.sequence, current), acknowledgement(asked.sequence)};
    // The module was loaded anew meanwhile.
    if (asksFor(asked, wire::kIpvsGetService)) return {acknowledgement(asked.sequence, ENOENT)};
    return usual(asked);
  });
  const auto client = opened(kernel);
  EXPECT_EQ(errorOf(client->dump()), ENOENT);
  EXPECT_EQ(errorOf(client->dump()), 0);
}

TEST(IpvsClientFailure, passesOverAnswersToOtherQuestions) {
  FakeIpvs kernel([](const NetlinkMessage& asked, int) {
    if (!asksFor(asked, wire::kIpvsGetService)) return usual(asked);
    const std::uint32_t other = asked.sequence - 1;
    return Datagrams{service(other, 1), done(other), acknowledgement(other, EPERM), service(asked.sequence, 2), done(asked.sequence)};
  });
  const auto client = opened(kernel);
  const auto services = client->dump();
  ASSERT_TRUE(services.ok());
  ASSERT_EQ(services.value().size(), 1U);
  EXPECT_EQ(services.value()[0].key.firewallMark, 2U);
}

// ----- Batches -----

constexpr IpvsOutcome kUntouched = -1;

std::vector<ipvs::Operation> additions(std::size_t count) {
  std::vector<ipvs::Operation> operations;
  for (std::uint32_t mark = 1; mark <= count; ++mark) {
    operations.push_back(ipvs::SetService{true, {wire::Family::IPv4, wire::IpvsProtocol::None, {}, 0, mark}, {"rr", 0, 0, 32, ""}});
  }
  return operations;
}

TEST(IpvsClientFailure, matchesFailuresByTheirSequenceNumber) {
  std::uint32_t first = 0;
  FakeIpvs kernel([&first](const NetlinkMessage& asked, int) -> Datagrams {
    if (asksFor(asked, wire::kIpvsNewService) && first == 0) first = asked.sequence;
    // All at the end, in whatever order, with one of an older request among them.
    if (asked.type != wire::kNetlinkNoop) return usual(asked);
    return {acknowledgement(first + 3, EEXIST), acknowledgement(first - 1, EPERM), acknowledgement(first + 1, ENOENT),
            acknowledgement(asked.sequence)};
  });
  const auto client = opened(kernel);
  std::vector<IpvsOutcome> outcomes(5, kUntouched);
  ASSERT_TRUE(client->carryOut(additions(5), outcomes).ok());
  EXPECT_EQ(outcomes, (std::vector<IpvsOutcome>{0, ENOENT, 0, EEXIST, 0}));
}

TEST(IpvsClientFailure, sendsAtMost64OperationsAtOnce) {
  std::vector<std::size_t> batches;
  std::size_t size = 0;
  FakeIpvs kernel([&](const NetlinkMessage& asked, int) {
    if (asksFor(asked, wire::kIpvsNewService)) ++size;
    if (asked.type == wire::kNetlinkNoop) batches.push_back(std::exchange(size, 0));
    return usual(asked);
  });
  const auto client = opened(kernel);
  std::vector<IpvsOutcome> outcomes(130, kUntouched);
  ASSERT_TRUE(client->carryOut(additions(130), outcomes).ok());
  const auto paused = kernel.pause();
  EXPECT_EQ(batches, (std::vector<std::size_t>{64, 64, 2}));
  EXPECT_EQ(outcomes, std::vector<IpvsOutcome>(130, 0));
}

TEST(IpvsClientFailure, leavesTheOutcomesThatItDoesNotKnow) {
  std::uint32_t ends = 0;
  FakeIpvs kernel(
      [&ends](const NetlinkMessage& asked, int) { return asked.type == wire::kNetlinkNoop && ++ends == 2 ? Datagrams{} : usual(asked); });
  const auto client = opened(kernel);
  std::vector<IpvsOutcome> outcomes(130, kUntouched);
  const os::Status status = client->carryOut(additions(130), outcomes);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().number, ETIMEDOUT);
  std::vector<IpvsOutcome> expected(130, kUntouched);
  std::fill_n(expected.begin(), 64, 0);
  EXPECT_EQ(outcomes, expected);
  EXPECT_TRUE(client->carryOut(additions(1), outcomes).ok()) << "by a new socket";
}

}  // namespace
}  // namespace aloft::kernel
