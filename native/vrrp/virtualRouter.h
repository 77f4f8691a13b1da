#pragma once
// One virtual router: the state machine of RFC 9568 §6.4 (version 3) and RFC 3768 §6.4 (version 2), and what we add to it.
//
// Where the RFCs leave room, or where operation taught more, these rules hold:
//
// Late wake-up. A process can be stopped or starved. When its last advert is so old that a peer may have taken over, it looks before it
//   sends. A MASTER goes to BACKUP as if it had just started, LateWakeUp; its addresses stay as residue, so that a router that is alone is
//   not cut off. A BACKUP that is overdue by two intervals waits another Active_Down_Interval. What the caller drained from its sockets
//   before is heard in that state.
//
// Losing adverts. A MASTER that hears an advert which loses against its own answers at once (RFC 9568 §6.4.3; version 2 only discards,
//   but an answer heals a split there as well) and announces its addresses again, as the sender may have misled neighbours. Answers
//   are limited to one per interval, announcements to one series per second: a flood of such adverts makes no flood of ours.
//   Priority 0 asks for an answer before any BACKUP's Skew_Time: the limit is the Skew_Time of priority 255, and what comes too early is
//   answered when that has passed.
//
// Giving way. Who gives addresses up to a better router sends one last advert with its own priority, its farewell. The winner, which may
//   never have known of the split, then sees a losing advert and announces its addresses again. keepalived does the same on request.
//
// The gate (kernel/gate.h) says whether this node answers questions for its addresses and takes their traffic. It is a function of the
//   state, gateTimes(), brought up to date behind each advert, and before each resignation and release. With the dead-man switch each own
//   advert opens it for as long as no peer can have taken over. A new MASTER answers when the kernel has the addresses, not before it was
//   MASTER for the election grace: of two whose timers ran out within a network latency only the winner ever answers. And not before
//   whoever was MASTER has said farewell, or its gate has shut by itself.
//
// Make before break. Who leaves in favour of a successor shuts the gate for questions, but goes on taking traffic: the addresses linger
//   until the successor was heard and has announced them, however long its kernel takes. Without a gate they are released at once, for
//   two would answer.
//
// Checksum of version 3 over IPv4. Auto begins without pseudo-header (RFC 9568 §5.2.8). The first valid advert of a peer that has the
//   pseudo-header turns it on until this virtual router is removed: a latch, which cannot flip between two kinds of peers. Those that
//   send the pseudo-header (keepalived, FRR) accept nothing else; we accept both; a peer that accepts the plain form only has to be
//   configured for. A MASTER that has just learned answers at once, whatever the limit: its peer has not understood it until now.
//
// preemptDelay. For that long after BACKUP was entered from INIT, FAULT or by a late wake-up, adverts of lower priority are accepted as if
//   preempt were off. It does not delay a takeover from a MASTER that is silent.
//
// Owner (priority 255). MASTER at once, and preempts always. Two owners of version 3 elect by address (erratum 8298), and tell of it.
//
// Which file: virtualRouter.cc what comes in and goes out, and time; receive.cc what an advert must pass and how it compares; backup.cc and
// master.cc what is done in these states; succession.cc how the MASTER's place is taken and left; readiness.cc faults, tracking and links.

#include <algorithm>
#include <optional>

#include "vrrp/addressConflict.h"
#include "vrrp/advertMessages.h"
#include "vrrp/foreignRouter.h"
#include "vrrp/group.h"
#include "vrrp/holding.h"
#include "vrrp/interface.h"
#include "vrrp/rivals.h"

namespace aloft::vrrp {

class VirtualRouter {
 public:
  VirtualRouter(RouterConfig config, RouterId id);

  const RouterConfig& config() const { return config_; }
  RouterId id() const { return id_; }
  State state() const { return run_.state; }
  Group* group() const { return group_; }

  // ----- Set-up: where it stands, before any input -----
  void place(Places places) { places_ = std::move(places); }
  void join(Group& group) { group_ = &group; }
  /// Takes over all that a new configuration leaves as it is.
  void inherit(const VirtualRouter& predecessor);

  // ----- Inputs -----
  /// Looks at links, checks and claims anew: whether there is a fault, and the priority. Changes nothing that others see until
  /// settleFault().
  void assess(const Host& host);
  /// Startup (§6.4.1), after assess().
  void start(const Context& context);
  /// Goes on with another configuration than `before`, after inherit() and assess().
  void resume(const VirtualRouter& before, const Context& context);
  void stop(Shutdown how, const Context& context);

  /// Enters or leaves FAULT, and tells of another priority or source, as assess() found it.
  void settle(const Context& context);
  /// Only the first of it, which also depends on the group.
  void settleFault(const Context& context);
  /// A link that carries addresses has another MAC address, or is up again.
  void handleLinkChanged(const Context& context);
  std::optional<wire::Discard> handleAdvert(const wire::VrrpAdvert& advert, const ReceivedAdvert& received, const Context& context);
  void handleActuated(const Actuated& result, const Context& context);
  void handleConflict(const ConflictSeen& conflict, const Context& context);
  void handleTimeout(const Context& context);
  void handleSendError() { ++run_.counters.sendErrors; }
  void handleGate(const Context& context);
  void handleGateRunOut(const Context& context);

  // ----- Asked by the group -----
  bool wishesMaster() const { return run_.state == State::Backup && run_.wishesMaster; }
  void takeOverWithGroup(bool isWisher, const Context& context);
  void joinMaster(const Context& context);
  void leaveWithGroup(Reason reason, const Context& context);

  // ----- Outputs -----
  TimePoint nextDeadline() const;
  RouterStatus status() const;
  std::size_t destinations() const { return prepared_.destinations; }
  Engine::Transmit advert(std::uint8_t priority, std::size_t destination) const;
  std::size_t announcements() const { return config_.addresses.size(); }
  Engine::Announcement announcement(std::size_t index) const;
  std::span<const Lane> lanes() const { return places_.distinctLanes; }

  /// Each stretch of memory of its own but itself; see Table::forEachMemory().
  template <typename Action>
  void forEachMemory(const Action& action) const {
    messages_.forEachMemory(action);
    action(std::as_bytes(std::span(config_.key)));
    action(std::as_bytes(std::span(config_.addresses)));
    action(std::as_bytes(std::span(config_.checks)));
    action(std::as_bytes(std::span(config_.interfaces)));
    action(std::as_bytes(std::span(peers_)));
    action(std::as_bytes(std::span(places_.tracked)));
    action(std::as_bytes(std::span(places_.addresses)));
    action(std::as_bytes(std::span(places_.lanes)));
    action(std::as_bytes(std::span(places_.distinctLanes)));
  }

 private:
  /// What was heard since BACKUP was entered: it decides what a takeover is called. HandedOver: nobody, since we resigned to be succeeded.
  enum class Heard : std::uint8_t { Nobody, Master, Resignation, LowerPriority, HandedOver };

  /// How long addresses stay when their MASTER leaves.
  enum class Linger : std::uint8_t {
    No,
    ForAnnouncement,  ///< the successor was heard: until it has announced the addresses, or patience ends
    ForSuccessor,     ///< until one was heard, or patience ends, and then the same
    ForReturn,        ///< the same, but without a successor we come back
  };

  /// All that a new configuration leaves as it is.
  struct Run {
    State state = State::Init;
    Reason reason = Reason::Started;
    Heard heard = Heard::Nobody;
    bool pseudoHeaderLearned = false;
    bool wishesMaster = false;    ///< as member of a group: its timer ran out
    bool yields = false;          ///< handed over: does not preempt its successor
    bool leaving = false;         ///< MASTER still, but shut down: waits for its successor
    bool awaitsFarewell = false;  ///< as MASTER that does not answer yet: another one was there
    bool answers = false;         ///< as MASTER: the gate is open for questions
    bool succeeded = false;       ///< while addresses linger: a successor was heard
    std::uint8_t priority = 0;    ///< after tracking
    TimePoint deadline = kNever;  ///< Adver_Timer as MASTER, Active_Down_Timer as BACKUP
    TimePoint armedAt{};          ///< when Active_Down_Timer was set
    Duration interval{};          ///< Active_Adver_Interval
    TimePoint startedAt{};        ///< begin of preemptDelay
    TimePoint electionsFrom{};    ///< end of startupDelay
    TimePoint heardAt{};
    Rivals rivals;
    TimePoint answersFrom{};                  ///< as MASTER that does not answer yet: when it does
    TimePoint releaseAt = kNever;             ///< addresses that linger
    TimePoint acceptUntil{};                  ///< the same: zero when they do not linger
    TimePoint advertisedAt{};                 ///< last own advert
    TimePoint messageSince{};                 ///< of the present contents of adverts
    TimePoint answeredAt = TimePoint::min();  ///< last answer to a losing advert
    TimePoint changedAt{};
    Duration silence{-1};
    wire::IpAddress peer;  ///< heard last
    std::uint32_t transitions = 0;
    RouterCounters counters;
  };

  struct Peer {
    wire::IpAddress address;
    TtlRange ttl;
    friend bool operator<(const Peer& a, const Peer& b) { return a.address < b.address; }
  };

  /// The link as far as this virtual router needs it. Kept while the link is gone: the resignation carries it.
  struct Attachment {
    std::uint32_t ifindex = 0;
    wire::MacAddress mac{};
    wire::IpAddress source;
  };

  /// What is needed for each advert, in one place: of a thousand virtual routers little else is in the processor's cache when it is due.
  struct Prepared {
    Engine::Transmit first;  ///< with the own priority, to the first destination
    std::size_t destinations = 0;
  };

  Outbox outbox(const Context& context) { return {context.effects, run_.counters, config_, context.host, id_, context.now}; }

  // receive.cc
  std::optional<wire::Discard> refuse(const wire::VrrpAdvert& advert, const ReceivedAdvert& received) const;
  std::optional<wire::Discard> refuseDestination(const ReceivedAdvert& received) const;
  std::optional<wire::Discard> refuseContents(const wire::VrrpAdvert& advert) const;
  std::optional<wire::Discard> refuseVersion2(const wire::VrrpAdvert& advert) const;
  void handleRefused(wire::Discard reason, const wire::VrrpAdvert& advert, const ReceivedAdvert& received, Outbox& out);
  void noteOtherAddresses(const wire::VrrpAdvert& advert, const wire::IpAddress& source, Outbox& out);
  void noteSecondOwner(const wire::VrrpAdvert& advert, const wire::IpAddress& source, Outbox& out);
  bool isBetter(const wire::VrrpAdvert& advert, const wire::IpAddress& source) const;
  bool learnChecksum(const wire::VrrpAdvert& advert);
  bool usesPseudoHeader() const;

  // backup.cc
  void receiveAsBackup(const wire::VrrpAdvert& advert, const wire::IpAddress& source, Outbox& out);
  void activeDownTimerFired(Outbox& out);
  bool isHeldUpByClaim(Outbox& out);
  void conflictTimerFired(Outbox& out);
  void settleConflict(const Context& context);
  Reason takeoverReason() const;
  bool preempts(TimePoint now) const;
  void armActiveDown(Outbox& out);
  void forgetWish();
  Duration activeDown() const;

  // master.cc
  void adverTimerFired(Outbox& out);
  void receiveAsMaster(const wire::VrrpAdvert& advert, const wire::IpAddress& source, bool learned, Outbox& out);
  void answer(bool learned, Outbox& out);
  void answerResignation(Outbox& out);
  void giveWay(const wire::VrrpAdvert& advert, Outbox& out);

  // succession.cc
  GateTimes gateTimes() const;
  GateTimes claimTimes() const;
  void tellGate(Outbox& out) { setGate(gateTimes(), out); }
  void setGate(const GateTimes& times, Outbox& out);
  void advertise(Outbox& out);
  bool waitsToAnswer() const;
  void openAnswers(Outbox& out);
  void heedRival(Outbox& out);
  TimePoint rivalsUntil(TimePoint now) const;
  void answerEarlier(Outbox& out);
  bool isLingering() const { return run_.acceptUntil != TimePoint{}; }
  void linger(Linger linger, Outbox& out);
  void lingerOn(Outbox& out);
  void heedSuccessor(Outbox& out);
  void heedAnnouncement(Outbox& out);
  void releaseNow(Outbox& out);
  void becomeMaster(Reason reason, Outbox& out);
  void leaveMaster(State to, Reason reason, std::optional<std::uint8_t> lastAdvert, Linger how, Outbox& out);
  void handOver(Outbox& out);

  // readiness.cc
  std::optional<Reason> linkFault(const CheckTable& checks) const;
  std::optional<Reason> fault() const;
  const wire::IpAddress& sourceOn(const LinkState& link) const;
  bool canSend() const;
  void settleAttachment(Outbox& out);
  bool takePriority(Outbox& out);
  void settlePriority(Outbox& out);
  void updateMessages(TimePoint now);
  void becomeReady(Reason reason, Outbox& out);
  void becomeFaulty(Reason reason, Outbox& out);
  void listen(Reason reason, Outbox& out);

  // virtualRouter.cc
  void enter(State to) { run_.state = to; }
  void report(State from, Reason reason, const wire::IpAddress& peer, Outbox& out);
  bool overslept(TimePoint now) const;
  void lookFirst(Outbox& out);
  void listenLate(Outbox& out);
  void applyTiming(Outbox& out);
  /// A group takes over when the last of its timers has run out: were the phases of its members apart, it would be late by as much.
  TimePoint nextAdvertAfter(TimePoint now) const {
    const RouterId first = group_ != nullptr ? group_->members().front()->id_ : id_;
    return nextPhase(first - 1, config_.advertisementInterval, now);
  }
  void prepareAdvert();

  RouterConfig config_;
  AdvertMessages messages_;
  std::vector<Peer> peers_;  // unicast, sorted
  Places places_;
  Group* group_ = nullptr;
  std::optional<Reason> ownFault_;
  std::uint8_t assessedPriority_ = 0;
  Attachment attachment_;
  // Each advert needs these.
  RouterId id_;
  Prepared prepared_;
  Run run_;
  GateTimes gate_;  // as it is set
  Holding holding_;
  AddressConflict conflict_;
  ForeignRouter foreign_;
  RateLimit lowerPriority_{kNoticePeriod};
  RateLimit secondOwner_{kNoticePeriod};
};

}  // namespace aloft::vrrp
