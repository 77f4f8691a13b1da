// The gate on the real kernel: a host, its LAN, and real frames.
#include "kernel/gate.h"

#include <signal.h>
#include <sys/wait.h>

#include "gateBed.h"

namespace aloft::kernel {
namespace {

using wire::IpAddress;
using wire::MacAddress;

TEST_F(GateTest, AnswersWhileItIsOpenAndNotWhileItIsShut) {
  ASSERT_TRUE(addAddresses());
  for (const IpAddress& vip : vips_) EXPECT_TRUE(answers(*lan_, vip)) << "without a gate";
  assign();
  attach();
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip)) << "a new slot is shut";
  for (int round = 0; round < 3; ++round) {
    set(slot(), kForEver);
    for (const IpAddress& vip : vips_) EXPECT_EQ(ask(*lan_, vip, kSoon), host_->mac) << wire::format(vip);
    set(slot(), 0);
    for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip)) << wire::format(vip);
  }
  EXPECT_GE(slot().droppedQuestions, 8U);
  EXPECT_TRUE(answers(*lan_, ip("192.0.2.1"))) << "the node's own address";
  EXPECT_TRUE(answers(*lan_, ip("2001:db8::1")));
}

TEST_F(GateTest, AcceptsTrafficWhileItIsOpenAndNotWhileItIsShut) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  for (const IpAddress& vip : vips_) {
    slot().acceptUntil = 0;
    EXPECT_FALSE(echoes(*lan_, host_->mac, vip, kSilence)) << wire::format(vip);
    slot().acceptUntil = kForEver;
    EXPECT_TRUE(echoes(*lan_, host_->mac, vip, kSoon)) << wire::format(vip);
    slot().acceptUntil = now() + 3'600'000'000'000;
    EXPECT_TRUE(echoes(*lan_, host_->mac, vip, kSoon)) << wire::format(vip);
    EXPECT_TRUE(keepsSilent(*lan_, vip)) << "a planned move: it forwards still, but does not answer";
  }
  EXPECT_EQ(slot().droppedPackets, 2U);
  slot().acceptUntil = 0;
  EXPECT_TRUE(echoes(*lan_, host_->mac, ip("192.0.2.1"), kSoon));
  EXPECT_TRUE(echoes(*lan_, host_->mac, ip("2001:db8::1"), kSoon));
}

/// Accept_Mode False: whoever needs the node as a gateway finds it.
TEST_F(GateTest, AnswersWithoutTakingTrafficAndPassesWhatIsForOtherAddresses) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  slot().answerUntil = kForEver;
  slot().acceptUntil = 0;
  for (const IpAddress& vip : vips_) {
    EXPECT_TRUE(answers(*lan_, vip)) << wire::format(vip);
    EXPECT_FALSE(echoes(*lan_, host_->mac, vip, kSilence)) << wire::format(vip);
  }
  for (const char* own : {"192.0.2.1", "2001:db8::1"}) EXPECT_TRUE(echoes(*lan_, host_->mac, ip(own), kSoon)) << own;
}

TEST_F(GateTest, AnnouncementsLeaveOnlyWhileItIsOpen) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  const auto garp = wire::encodeGratuitousArp(host_->mac, vip4_);
  const auto na = wire::encodeUnsolicitedNa(host_->mac, vip6_);
  const auto leaves = [&](std::span<const std::uint8_t> frame) {
    lan_->forget();
    const bool sent = host_->send(frame);
    const bool seen = !lan_->receive(sent ? kSoon : kSilence, [&](const Frame& f) { return std::ranges::equal(f, frame); }).empty();
    EXPECT_EQ(sent, seen);
    return seen;
  };
  EXPECT_FALSE(leaves(garp));
  EXPECT_FALSE(leaves(na));
  EXPECT_EQ(slot().droppedAnnouncements, 2U);
  set(slot(), now() + 3'600'000'000'000);
  EXPECT_TRUE(leaves(garp));
  EXPECT_TRUE(leaves(na));
  EXPECT_EQ(slot().droppedAnnouncements, 2U);
}

/// The kernel asks for a neighbour in a VIP's name when something is sent from it, which teaches everybody the VIP's MAC.
TEST_F(GateTest, TheKernelDoesNotAskInAShutAddressesName) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  const auto asks = [&](const IpAddress& vip, const IpAddress& neighbor, std::chrono::milliseconds patience) {
    lan_->forget();
    EXPECT_TRUE(sendFrom(vip, neighbor));
    return !lan_->receive(patience,
                          [&](const Frame& frame) {
                            const auto arp = wire::decodeArp(frame);
                            const auto solicitation = wire::decodeNeighbor(frame);
                            return (arp && arp->senderAddress == vip) || (solicitation && solicitation->source == vip);
                          })
                .empty();
  };
  EXPECT_FALSE(asks(vip4_, ip("192.0.2.77"), kSilence));
  EXPECT_FALSE(asks(vip6_, ip("2001:db8::77"), kSilence));
  EXPECT_GE(slot().droppedAnnouncements, 2U);
  set(slot(), kForEver);
  EXPECT_TRUE(asks(vip4_, ip("192.0.2.78"), kSoon));
  EXPECT_TRUE(asks(vip6_, ip("2001:db8::78"), kSoon));
}

/// What became of questions that were asked without a pause.
struct Course {
  std::uint64_t lastAnswered = 0;     ///< when the last question that was answered was asked
  std::uint64_t firstUnanswered = 0;  ///< when the first one that was not was given up
  std::size_t answered = 0;
};

class GateDeadlineTest : public GateTest {
 protected:
  /// Asks from now until `end`.
  Course course(const IpAddress& vip, std::uint64_t end) {
    Course course;
    while (now() < end) {
      const std::uint64_t asked = now();
      const bool answered = ask(*lan_, vip, std::chrono::milliseconds(2)) != MacAddress{};
      course.answered += answered ? 1 : 0;
      if (answered) course.lastAnswered = asked;
      if (!answered && course.firstUnanswered == 0) course.firstUnanswered = now();
    }
    return course;
  }
  /// Exact on a machine of any load: nothing asked after the deadline is answered, and nothing given up before it was refused.
  void expectShutAt(std::uint64_t deadline, const IpAddress& vip) {
    ASSERT_GT(deadline, now()) << "too slow to see anything";
    const Course seen = course(vip, deadline + 100'000'000);
    EXPECT_GT(seen.answered, 0U);
    EXPECT_LT(seen.lastAnswered, deadline);
    EXPECT_GE(seen.firstUnanswered, deadline);
    RecordProperty("lastAnsweredBeforeDeadlineUs", static_cast<int>((deadline - seen.lastAnswered) / 1000));
  }

  /// A process of its own that has the gate, and tells its first deadline.
  struct Agent {
    pid_t pid = -1;
    std::uint64_t deadline = 0;
  };
  /// `refresh`: sets the slot to now + `time` every 5 ms; otherwise once.
  Agent startAgent(std::chrono::milliseconds time, bool refresh) {
    int pipes[2];
    EXPECT_EQ(pipe(pipes), 0);
    gate_.reset();
    Agent agent;
    agent.pid = fork();
    if (agent.pid == 0) {
      runAgent(pipes[1], static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count()), refresh);
      _exit(1);
    }
    close(pipes[1]);
    EXPECT_EQ(read(pipes[0], &agent.deadline, sizeof agent.deadline), static_cast<ssize_t>(sizeof agent.deadline));
    close(pipes[0]);
    return agent;
  }
  void runAgent(int pipe, std::uint64_t time, bool refresh) {
    auto gate = Gate::open();
    if (!gate.ok()) return;
    for (const IpAddress& vip : vips_) {
      if (!gate.value()->assign(host_->index, vip, kSlot, false).ok()) return;
    }
    if (!gate.value()->attach({host_->index, {host_->mac}, {}}).ok()) return;
    std::uint64_t deadline = now() + time;
    set(gate.value()->slot(kSlot), deadline);
    if (write(pipe, &deadline, sizeof deadline) != sizeof deadline) return;
    for (;;) {
      usleep(5000);
      if (refresh) set(gate.value()->slot(kSlot), now() + time);
    }
  }
  static void end(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
};

TEST_F(GateDeadlineTest, ShutsAtTheDeadlineOfAProcessThatWasKilled) {
  ASSERT_TRUE(addAddresses());
  for (const IpAddress& vip : vips_) {
    const Agent agent = startAgent(std::chrono::milliseconds(150), false);
    end(agent.pid);
    expectShutAt(agent.deadline, vip);
  }
  for (const IpAddress& vip : vips_) {
    EXPECT_TRUE(keepsSilent(*lan_, vip)) << "and stays shut";
    EXPECT_FALSE(echoes(*lan_, host_->mac, vip, kSilence));
  }
  EXPECT_FALSE(host_->send(wire::encodeGratuitousArp(host_->mac, vip4_)));
}

TEST_F(GateDeadlineTest, IsOpenWhileItIsRefreshedAndShutsBehindAProcessThatWasStopped) {
  ASSERT_TRUE(addAddresses());
  constexpr std::chrono::milliseconds kTime{100};
  const Agent agent = startAgent(kTime, true);
  const Course refreshed = course(vip4_, now() + 500'000'000);
  EXPECT_EQ(refreshed.firstUnanswered, 0U) << "refused while it was refreshed";
  kill(agent.pid, SIGSTOP);
  waitpid(agent.pid, nullptr, WUNTRACED);
  const std::uint64_t latest = now() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kTime).count());
  const Course stopped = course(vip4_, latest + 100'000'000);
  EXPECT_LT(stopped.lastAnswered, latest);
  EXPECT_GT(stopped.firstUnanswered, 0U);
  EXPECT_TRUE(keepsSilent(*lan_, vip6_));
  kill(agent.pid, SIGCONT);
  EXPECT_TRUE(eventually(kSoon, [&] { return !keepsSilent(*lan_, vip4_); })) << "who is continued may go on";
  end(agent.pid);
}

TEST_F(GateTest, AnswersForLocalRoutesThatTheKernelWouldNotAnswerFor) {
  ASSERT_TRUE(
      shell("sysctl -qw net.ipv4.conf.all.arp_ignore=1 && ip route add local 192.0.2.10/32 dev lo && "
            "ip route add local 2001:db8::10/128 dev lo"));
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip)) << "the kernel answers by itself";
  assign(true);
  attach();
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip));
  set(slot(), kForEver);
  for (const IpAddress& vip : vips_) {
    EXPECT_EQ(ask(*lan_, vip, kSoon), host_->mac) << wire::format(vip);
    EXPECT_TRUE(echoes(*lan_, host_->mac, vip, kSoon)) << wire::format(vip);
  }
  set(slot(), 0);
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip)) << wire::format(vip);
  set(slot(), kForEver);
  assign(false);
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip)) << "reassigned without";
}

TEST_F(GateTest, AnswersAreWholeAndRight) {
  assign(true);
  attach();
  set(slot(), kForEver);
  const auto reply = [&](std::span<const std::uint8_t> question) {
    lan_->forget();
    EXPECT_TRUE(lan_->send(question));
    return lan_->receive(kSoon, [&](const Frame& frame) { return isAnswer(frame, vip4_) || isAnswer(frame, vip6_); });
  };
  const auto expect = [](const auto& frame) { return Frame(frame.begin(), frame.end()); };
  const Frame arp = question(vip4_);
  EXPECT_EQ(reply(arp), expect(wire::encodeArpReply(host_->mac, *wire::decodeArp(arp))));
  const auto probe = wire::encodeArpProbe(kClientMac, vip4_);
  EXPECT_EQ(reply(probe), expect(wire::encodeArpReply(host_->mac, *wire::decodeArp(probe))));
  const Frame ns = question(vip6_);
  EXPECT_EQ(reply(ns), expect(wire::encodeSolicitedNa(host_->mac, *wire::decodeNeighbor(ns))));
  // Priority-tagged frames are the link's own; the answer has no tag. Tagged ones are a VLAN's.
  Frame tagged = arp;
  tagged.insert(tagged.begin() + 12, {0x81, 0x00, 0xa0, 0x00});
  EXPECT_EQ(reply(tagged), expect(wire::encodeArpReply(host_->mac, *wire::decodeArp(arp))));
  tagged[15] = 7;
  lan_->forget();
  EXPECT_TRUE(lan_->send(tagged));
  EXPECT_TRUE(lan_->receive(kSilence, [](const Frame& frame) { return wire::decodeArp(frame).has_value(); }).empty());
}

TEST_F(GateTest, RecordsAForeignClaim) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  set(slot(), kForEver);
  EXPECT_TRUE(answers(*lan_, vip4_) && answers(*lan_, vip6_));
  EXPECT_TRUE(host_->send(wire::encodeGratuitousArp(host_->mac, vip4_)));
  EXPECT_FALSE(slot().conflict());
  const MacAddress other = {0x02, 0xbb, 0, 0, 0, 0x01};
  EXPECT_TRUE(lan_->send(wire::encodeGratuitousArp(host_->mac, vip4_))) << "our own frame, come back";
  EXPECT_TRUE(lan_->send(wire::encodeGratuitousArp(other, ip("192.0.2.11")))) << "another address";
  EXPECT_FALSE(eventually(kSilence, [&] { return slot().conflicts > 0; }));
  const std::uint64_t before = now();
  EXPECT_TRUE(lan_->send(wire::encodeGratuitousArp(other, vip4_)));
  ASSERT_TRUE(eventually(kSoon, [&] { return slot().conflict().has_value(); }));
  EXPECT_EQ(slot().conflict()->mac, other);
  EXPECT_EQ(slot().conflict()->address, vip4_);
  EXPECT_GE(slot().conflict()->at, before);
  EXPECT_TRUE(lan_->send(wire::encodeUnsolicitedNa(other, vip6_)));
  ASSERT_TRUE(eventually(kSoon, [&] { return slot().conflicts == 2; }));
  EXPECT_EQ(slot().conflict()->address, vip6_);
}

TEST_F(GateTest, ABondsOtherMacIsNoForeignOneUntilItLeaves) {
  assign();
  const MacAddress port = {0x02, 0xaa, 0, 0, 0, 0x02};
  ASSERT_TRUE(gate_->attach({host_->index, {host_->mac, port}, {}}).ok());
  EXPECT_TRUE(lan_->send(wire::encodeGratuitousArp(port, vip4_)));
  EXPECT_FALSE(eventually(kSilence, [&] { return slot().conflicts > 0; }));
  attach();
  EXPECT_TRUE(lan_->send(wire::encodeGratuitousArp(port, vip4_)));
  EXPECT_TRUE(eventually(kSoon, [&] { return slot().conflicts > 0; }));
}

}  // namespace
}  // namespace aloft::kernel
