// The verdicts on single frames, and the frames that answers are, against the codecs of wire/.
#include "kernel/gateProgram.h"

#include <algorithm>
#include <functional>

#include "gateRun.h"
#include "os/clock.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ndisc.h"

namespace aloft::kernel {
namespace {

using wire::Family;
using wire::IpAddress;
using wire::MacAddress;

constexpr std::uint64_t kForEver = UINT64_MAX;
constexpr MacAddress kClient = {0x02, 0, 0, 0, 0, 0x64};
constexpr MacAddress kLinkMac = {0x02, 0xaa, 0, 0, 0, 0x01};
constexpr GateProgram kIn = GateProgram::Ingress;
constexpr GateProgram kOut = GateProgram::Egress;

IpAddress ip(const char* text) {
  IpAddress address;
  EXPECT_TRUE(wire::parseIpAddress(text, address)) << text;
  return address;
}

Frame frame(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

/// 20 or 40 bytes of header and 8 of nothing, to this host.
Frame packet(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol = 17) {
  const bool four = source.family == Family::IPv4;
  Frame bytes(wire::kEthernetHeaderSize + (four ? 28 : 48));
  wire::writeEthernetHeader(bytes, kRunMac, kClient, four ? 0x0800 : wire::kEtherTypeIPv6);
  bytes[14] = four ? 0x45 : 0x60;
  bytes[four ? 23 : 20] = protocol;
  wire::storeBytes(bytes, four ? 26 : 22, source.view());
  wire::storeBytes(bytes, four ? 30 : 38, destination.view());
  return bytes;
}

/// An NS with these options, right but for what `spoil` does before the checksum.
Frame solicitation(const IpAddress& source, const IpAddress& destination, const IpAddress& target, Frame options,
                   const std::function<void(Frame&)>& spoil = {}) {
  Frame bytes(78 + options.size());
  std::copy(options.begin(), options.end(), bytes.begin() + 78);
  wire::writeEthernetHeader(bytes, wire::multicastMac6(destination), kClient, wire::kEtherTypeIPv6);
  bytes[14] = 0x60;
  wire::store16(bytes, 18, static_cast<std::uint16_t>(24 + options.size()));
  bytes[20] = 58;
  bytes[21] = 255;
  wire::storeBytes(bytes, 22, source.bytes);
  wire::storeBytes(bytes, 38, destination.bytes);
  bytes[54] = 135;
  wire::storeBytes(bytes, 62, target.bytes);
  if (spoil) spoil(bytes);
  const auto icmp = std::span(bytes).subspan(54);
  wire::store16(bytes, 56, wire::InternetChecksum().addPseudoHeader(source, destination, 58, icmp.size()).add(icmp).finish());
  return bytes;
}

const Frame kSourceOption = {1, 1, 0x02, 0, 0, 0, 0, 0x64};

class GateProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    runner_ = GateRunner::create();
    if (runner_ == nullptr) GTEST_SKIP() << "bpf(2) needs CAP_BPF and CAP_NET_ADMIN";
    runner_->describeLink(kLinkMac);
    runner_->own(kLinkMac);
  }

  void assignBoth(bool answer = false) {
    runner_->assign(vip4_, 3, answer);
    runner_->assign(vip6_, 3, answer);
  }
  GateSlot& slot() { return runner_->slot(3); }
  void open(std::uint64_t until) { slot().answerUntil = slot().acceptUntil = until; }
  static std::uint64_t now() { return static_cast<std::uint64_t>(os::monotonicNow().count()); }

  Frame arpRequest() const { return frame(wire::encodeArpRequest(kClient, client4_, vip4_)); }
  Frame solicit() const { return frame(wire::encodeNeighborSolicitation(kClient, client6_, vip6_)); }
  std::vector<Frame> questions() const { return {arpRequest(), frame(wire::encodeArpProbe(kClient, vip4_)), solicit()}; }
  std::vector<Frame> traffic() const { return {packet(client4_, vip4_), packet(client6_, vip6_), packet(client6_, vip6_, 58)}; }
  /// What this host would say.
  std::vector<Frame> announcements() const {
    Frame foreignSource = frame(wire::encodeUnsolicitedNa(kLinkMac, vip6_));
    foreignSource[22] = 0xfe;
    foreignSource[23] = 0x80;
    return {frame(wire::encodeGratuitousArp(kLinkMac, vip4_)),
            frame(wire::encodeArpRequest(kLinkMac, vip4_, client4_)),
            frame(wire::encodeArpReply(kLinkMac, *wire::decodeArp(arpRequest()))),
            frame(wire::encodeUnsolicitedNa(kLinkMac, vip6_)),
            frame(wire::encodeNeighborSolicitation(kLinkMac, vip6_, client6_)),
            foreignSource};
  }

  const IpAddress vip4_ = ip("192.0.2.10"), vip6_ = ip("2001:db8::10");
  const IpAddress client4_ = ip("192.0.2.100"), client6_ = ip("2001:db8::100");
  const IpAddress nobody6_ = ip("::"), asked6_ = wire::solicitedNodeAddress(ip("2001:db8::10"));
  std::unique_ptr<GateRunner> runner_;
};

TEST_F(GateProgramTest, PassesWhatIsNotAssigned) {
  runner_->assign(vip4_, 3, true, kRunLink + 1);  // on another link
  runner_->assign(vip6_, 3, true, kRunLink + 1);
  for (const auto& frames : {questions(), traffic(), announcements()}) {
    for (const Frame& bytes : frames) {
      const GateRun in = runner_->run(kIn, bytes);
      EXPECT_EQ(in.verdict, kGatePass);
      EXPECT_EQ(in.frame, bytes);
      EXPECT_EQ(runner_->verdict(kOut, bytes), kGatePass);
    }
  }
}

TEST_F(GateProgramTest, ANewSlotIsShut) {
  assignBoth();
  for (const Frame& bytes : questions()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
  EXPECT_EQ(slot().droppedQuestions, 3U);
  for (const Frame& bytes : traffic()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
  EXPECT_EQ(slot().droppedPackets, 3U);
  for (const Frame& bytes : announcements()) EXPECT_EQ(runner_->verdict(kOut, bytes), kGateDrop);
  EXPECT_EQ(slot().droppedAnnouncements, announcements().size());
}

TEST_F(GateProgramTest, EachTimeDecidesOnItsOwn) {
  assignBoth();
  for (const std::uint64_t open : {kForEver, now() + 3'600'000'000'000}) {
    for (const std::uint64_t shut : {std::uint64_t{0}, std::uint64_t{1}, now()}) {
      slot().answerUntil = open;
      slot().acceptUntil = shut;
      for (const Frame& bytes : questions()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass);
      for (const Frame& bytes : announcements()) EXPECT_EQ(runner_->verdict(kOut, bytes), kGatePass);
      for (const Frame& bytes : traffic()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
      slot().answerUntil = shut;
      slot().acceptUntil = open;
      for (const Frame& bytes : questions()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
      for (const Frame& bytes : announcements()) EXPECT_EQ(runner_->verdict(kOut, bytes), kGateDrop);
      for (const Frame& bytes : traffic()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass);
    }
  }
}

/// RFC 9568 §6.1: Accept_Mode False drops neither NS nor NA.
TEST_F(GateProgramTest, WhoAnswersAndTakesNoTrafficHearsNeighborDiscovery) {
  assignBoth();
  const IpAddress other6 = ip("2001:db8::77");
  const auto toUs = [](Frame bytes) {
    std::fill_n(bytes.begin(), 6, 0);
    return bytes;
  };
  wire::NeighborMessage question = *wire::decodeNeighbor(frame(wire::encodeNeighborSolicitation(kLinkMac, vip6_, client6_)));
  const std::vector<Frame> neighbors = {
      toUs(solicitation(client6_, vip6_, vip6_, kSourceOption)),                  // whether it is still there
      toUs(solicitation(client6_, vip6_, other6, kSourceOption)),                 // of another address of the node
      toUs(frame(wire::encodeSolicitedNa(kClient, question))),                    // to a question from the address
  };
  slot().answerUntil = now() + 3'600'000'000'000;
  for (const Frame& bytes : neighbors) EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass);
  for (const Frame& bytes : traffic()) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
  EXPECT_EQ(slot().droppedPackets, traffic().size());
  open(now());
  for (const Frame& bytes : neighbors) EXPECT_EQ(runner_->verdict(kIn, bytes), kGateDrop);
}

TEST_F(GateProgramTest, ASlotDecidesOnlyOnItsOwnAddresses) {
  assignBoth();
  open(kForEver);
  const IpAddress other = ip("192.0.2.11");
  runner_->assign(other, 4);
  EXPECT_EQ(runner_->verdict(kIn, packet(client4_, vip4_)), kGatePass);
  EXPECT_EQ(runner_->verdict(kIn, packet(client4_, other)), kGateDrop);
  // ::ffff:192.0.2.10 on the wire would be the same key; ::192.0.2.10 is not.
  EXPECT_EQ(runner_->verdict(kIn, packet(client6_, ip("::192.0.2.11"))), kGatePass);
}

TEST_F(GateProgramTest, AnswersArp) {
  assignBoth(true);
  open(kForEver);
  for (const Frame& question : {arpRequest(), frame(wire::encodeArpProbe(kClient, vip4_))}) {
    const GateRun run = runner_->run(kIn, question);
    EXPECT_EQ(run.verdict, kRedirect);
    EXPECT_EQ(run.frame, frame(wire::encodeArpReply(kLinkMac, *wire::decodeArp(question))));
  }
  Frame padded = arpRequest();
  padded.resize(60);
  EXPECT_EQ(runner_->run(kIn, padded).frame.size(), 60U);
  EXPECT_TRUE(wire::decodeArp(runner_->run(kIn, padded).frame));
}

TEST_F(GateProgramTest, AnswersSolicitations) {
  assignBoth(true);
  open(kForEver);
  const Frame nonce = {14, 1, 1, 2, 3, 4, 5, 6};
  Frame both = kSourceOption;
  both.insert(both.end(), nonce.begin(), nonce.end());
  Frame many;
  for (int i = 0; i < 8; ++i) many.insert(many.end(), nonce.begin(), nonce.end());
  const std::vector<Frame> asked = {
      solicit(),
      solicitation(client6_, asked6_, vip6_, {}),
      solicitation(client6_, vip6_, vip6_, kSourceOption),
      solicitation(client6_, asked6_, vip6_, both),
      solicitation(client6_, asked6_, vip6_, many),
      solicitation(nobody6_, asked6_, vip6_, {}),
      solicitation(nobody6_, asked6_, vip6_, nonce),  // RFC 7527
  };
  for (Frame question : asked) {
    // To this host also where it is unicast.
    if ((question[38] & 0xff) != 0xff) std::fill_n(question.begin(), 6, 0);
    const auto decoded = wire::decodeNeighbor(question);
    ASSERT_TRUE(decoded);
    const GateRun run = runner_->run(kIn, question);
    EXPECT_EQ(run.verdict, kRedirect);
    EXPECT_EQ(run.frame, frame(wire::encodeSolicitedNa(kLinkMac, *decoded))) << question.size();
  }
}

/// RFC 4861 §7.1.1. They are left to the kernel, which discards them too.
TEST_F(GateProgramTest, AnswersNoMalformedSolicitation) {
  assignBoth(true);
  open(kForEver);
  const auto spoilt = [&](const std::function<void(Frame&)>& spoil) {
    return solicitation(client6_, asked6_, vip6_, kSourceOption, spoil);
  };
  Frame checksum = solicit();
  checksum[57] ^= 1;
  Frame tooShort = solicit();
  tooShort.resize(70);
  const std::vector<std::pair<const char*, Frame>> malformed = {
      {"checksum", checksum},
      {"truncated", tooShort},
      {"hop limit", spoilt([](Frame& f) { f[21] = 254; })},
      {"code", spoilt([](Frame& f) { f[55] = 1; })},
      {"option of length 0", spoilt([](Frame& f) { f[79] = 0; })},
      {"option beyond the end", spoilt([](Frame& f) { f[79] = 2; })},
      {"length below 24", spoilt([](Frame& f) { f[19] = 16; })},
      {"length not of whole options", solicitation(client6_, asked6_, vip6_, {1, 1, 2, 3})},
      {"longer than the frame", spoilt([](Frame& f) { f[19] = 40; })},
      {"source option from nowhere", solicitation(nobody6_, asked6_, vip6_, kSourceOption)},
      {"from nowhere to one", solicitation(nobody6_, vip6_, vip6_, {}, [](Frame& f) { std::fill_n(f.begin(), 6, 0); })},
      {"from nowhere to another group", solicitation(nobody6_, wire::solicitedNodeAddress(client6_), vip6_, {})},
      {"from nowhere to that group of another scope", solicitation(nobody6_, ip("ff05::1:ff00:10"), vip6_, {})},
      {"from nowhere to all nodes", solicitation(nobody6_, ip("ff02::1"), vip6_, {})},
  };
  for (const auto& [what, bytes] : malformed) {
    EXPECT_FALSE(wire::decodeNeighbor(bytes)) << what;
    const GateRun run = runner_->run(kIn, bytes);
    EXPECT_EQ(run.verdict, kGatePass) << what;
    EXPECT_EQ(run.frame, bytes) << what;
  }
}

TEST_F(GateProgramTest, AnswersNothingThatIsNoQuestion) {
  assignBoth(true);
  open(kForEver);
  for (const Frame& bytes : {frame(wire::encodeGratuitousArp(kClient, vip4_)), frame(wire::encodeUnsolicitedNa(kClient, vip6_)),
                             frame(wire::encodeArpReply(kClient, *wire::decodeArp(arpRequest()))), packet(client6_, vip6_, 58)}) {
    EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass);
  }
  open(0);
  for (const Frame& question : questions()) EXPECT_EQ(runner_->verdict(kIn, question), kGateDrop);
}

TEST_F(GateProgramTest, PassesArpThatIsNotOfIPv4OverEthernet) {
  assignBoth();
  for (const std::size_t at : {14, 16, 18, 19, 21}) {
    Frame bytes = arpRequest();
    bytes[at] ^= 0x42;
    EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass) << at;
    EXPECT_EQ(runner_->verdict(kOut, bytes), kGatePass) << at;
  }
}

/// The kernel gives no frame without a whole IP header to a test.
TEST_F(GateProgramTest, PassesFramesThatAreTooShortToSay) {
  assignBoth(true);
  const auto passesParts = [&](const Frame& bytes, std::size_t begin, std::size_t end) {
    for (std::size_t size = begin; size < end; ++size) {
      const Frame part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(runner_->verdict(kIn, part), kGatePass) << size;
      EXPECT_EQ(runner_->verdict(kOut, part), kGatePass) << size;
    }
  };
  passesParts(arpRequest(), 14, 42);
  passesParts(frame(wire::encodeGratuitousArp(kLinkMac, vip4_)), 14, 32);
  passesParts(solicit(), 54, 78);
  passesParts(frame(wire::encodeUnsolicitedNa(kLinkMac, client6_)), 54, 78);
}

TEST_F(GateProgramTest, PassesWhatIsForAnotherHost) {
  assignBoth();
  Frame bytes = packet(client4_, vip4_);
  bytes[5] = 9;
  EXPECT_EQ(runner_->verdict(kIn, bytes), kGatePass);
}

TEST_F(GateProgramTest, ABackupHearsAnnouncementsWhileItIsShut) {
  assignBoth();
  EXPECT_EQ(runner_->verdict(kIn, frame(wire::encodeGratuitousArp(kClient, vip4_))), kGatePass);
  EXPECT_EQ(runner_->verdict(kIn, frame(wire::encodeUnsolicitedNa(kClient, vip6_))), kGatePass);
}

TEST_F(GateProgramTest, RecordsWhoElseClaimsAnAddress) {
  assignBoth();
  const MacAddress other = {0x02, 0xbb, 0, 0, 0, 0x07};
  Frame byFrame = frame(wire::encodeUnsolicitedNa(other, vip6_));  // an option that is none for an NA
  byFrame[78] = 1;
  wire::NeighborMessage reply = *wire::decodeNeighbor(solicit());
  std::uint32_t count = 0;
  for (const auto& [bytes, address] : std::vector<std::pair<Frame, IpAddress>>{
           {frame(wire::encodeGratuitousArp(other, vip4_)), vip4_},
           {frame(wire::encodeArpRequest(other, vip4_, client4_)), vip4_},
           {frame(wire::encodeArpReply(other, *wire::decodeArp(arpRequest()))), vip4_},
           {frame(wire::encodeUnsolicitedNa(other, vip6_)), vip6_},
           {frame(wire::encodeSolicitedNa(other, reply)), vip6_},
           {byFrame, vip6_},
           {frame(wire::encodeNeighborSolicitation(other, vip6_, client6_)), vip6_},
       }) {
    Frame heard = bytes;
    if ((heard[0] & 1) == 0) std::fill_n(heard.begin(), 6, 0);  // to this host
    slot().conflictAt = 0;
    const std::uint64_t before = now();
    EXPECT_EQ(runner_->verdict(kIn, heard), kGatePass);
    const auto conflict = slot().conflict();
    ASSERT_TRUE(conflict) << count;
    EXPECT_EQ(conflict->mac, other);
    EXPECT_EQ(conflict->address, address) << wire::format(conflict->address);
    EXPECT_GE(conflict->at, before);
    EXPECT_LE(conflict->at, now());
    EXPECT_EQ(slot().conflicts, ++count);
  }
}

/// By its option, not by who carried it: that may be a proxy or a bond's other port.
TEST_F(GateProgramTest, AnAdvertisementSpeaksForTheMacInItsOption) {
  assignBoth();
  Frame bytes = frame(wire::encodeUnsolicitedNa({0x02, 0xbb, 0, 0, 0, 0x07}, vip6_));
  std::copy(kClient.begin(), kClient.end(), bytes.begin() + 6);
  runner_->verdict(kIn, bytes);
  ASSERT_TRUE(slot().conflict());
  EXPECT_EQ(slot().conflict()->mac, (MacAddress{0x02, 0xbb, 0, 0, 0, 0x07}));
}

TEST_F(GateProgramTest, RecordsNoClaimOfItsOwnAndNoQuestion) {
  assignBoth(true);
  open(kForEver);
  runner_->own({0x02, 0xaa, 0, 0, 0, 0x02});
  for (const MacAddress& mac : {kLinkMac, MacAddress{0x02, 0xaa, 0, 0, 0, 0x02}}) {
    runner_->verdict(kIn, frame(wire::encodeGratuitousArp(mac, vip4_)));
    runner_->verdict(kIn, frame(wire::encodeUnsolicitedNa(mac, vip6_)));
    runner_->verdict(kIn, frame(wire::encodeNeighborSolicitation(mac, vip6_, client6_)));
  }
  for (const Frame& bytes : questions()) runner_->verdict(kIn, bytes);
  runner_->verdict(kIn, solicitation(nobody6_, asked6_, vip6_, {}));
  EXPECT_FALSE(slot().conflict());
  EXPECT_EQ(slot().conflicts, 0U);
}

TEST_F(GateProgramTest, LeavesOtherFramesAlone) {
  assignBoth();
  Frame other = packet(vip4_, client4_);
  EXPECT_EQ(runner_->verdict(kIn, other), kGatePass);
  EXPECT_EQ(runner_->verdict(kOut, other), kGatePass) << "connections of before end by themselves";
  wire::store16(other, 12, 0x88cc);
  EXPECT_EQ(runner_->verdict(kIn, other), kGatePass);
  EXPECT_EQ(runner_->verdict(kOut, other), kGatePass);
  // ICMPv6 other than Neighbor Discovery leaves from a shut address.
  EXPECT_EQ(runner_->verdict(kOut, packet(vip6_, client6_, 58)), kGatePass);
}

TEST_F(GateProgramTest, NothingLeavesALinkOfAVirtualMacThatIsShut) {
  const auto verdict = [&](const Frame& bytes) { return runner_->verdict(GateProgram::EgressOfVirtualMac, bytes); };
  const Frame any = packet(ip("192.0.2.99"), client4_);
  EXPECT_EQ(verdict(any), kGatePass) << "the link has no slot";
  runner_->describeLink(kLinkMac, 5);
  EXPECT_EQ(verdict(any), kGateDrop);
  EXPECT_EQ(runner_->slot(5).droppedAnnouncements, 1U);
  runner_->slot(5).acceptUntil = now() + 3'600'000'000'000;
  EXPECT_EQ(verdict(any), kGatePass);
  runner_->slot(5).acceptUntil = now();
  EXPECT_EQ(verdict(any), kGateDrop);
  // Accept_Mode False.
  runner_->slot(5).answerUntil = now() + 3'600'000'000'000;
  EXPECT_EQ(verdict(any), kGatePass);
  runner_->slot(5).answerUntil = now();
  EXPECT_EQ(verdict(any), kGateDrop);
  // Resigning: the address is not announced any more, but adverts and traffic leave.
  runner_->slot(5).acceptUntil = kForEver;
  assignBoth();
  EXPECT_EQ(verdict(any), kGatePass);
  for (const Frame& bytes : announcements()) EXPECT_EQ(verdict(bytes), kGateDrop);
}

}  // namespace
}  // namespace aloft::kernel
