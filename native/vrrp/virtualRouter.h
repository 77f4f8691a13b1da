#pragma once
// One virtual router: the state machine of RFC 9568 §6.4 (version 3) and RFC 3768 §6.4 (version 2), and what we add to it.
//
// Where the RFCs leave room, or where operation taught more, these rules hold:
//
// Late wake-up. A process can be stopped or starved. When its timer is overdue by two advertisement intervals or more, a peer may have
//   taken over (a MASTER's peers wait three intervals and Skew_Time after its last advert), so it looks before it sends. A MASTER goes to
//   BACKUP as if it had just started, LateWakeUp; its addresses stay as residue, so that a router that is alone is not cut off. A BACKUP
//   waits another Active_Down_Interval. What the caller drained from its sockets before is heard in that state.
//
// Losing adverts. A MASTER that hears an advert which loses against its own answers at once (RFC 9568 §6.4.3; version 2 only discards,
//   but an answer heals a split there as well) and announces its addresses again, as the sender may have misled neighbours. Answers
//   are limited to one per interval, announcements to one series per second: a flood of such adverts makes no flood of ours.
//   Priority 0 asks for an answer before any BACKUP's Skew_Time: the limit is the Skew_Time of priority 255, and what comes too early is
//   answered when that has passed.
//
// Giving way. Who gives addresses up to a better router sends one last advert with its own priority. The winner, which may never have
//   known of the split, then sees a losing advert and announces its addresses again. keepalived does the same.
//
// Checksum of version 3 over IPv4. Auto begins without pseudo-header (RFC 9568 §5.2.8). The first valid advert of a peer that has the
//   pseudo-header turns it on until this virtual router is removed: a latch, which cannot flip between two kinds of peers. Those that
//   send the pseudo-header (keepalived, FRR) accept nothing else; we accept both; a peer that accepts the plain form only has to be
//   configured for. A MASTER that has just learned answers at once, whatever the limit: its peer has not understood it until now.
//
// preemptDelay. For that long after BACKUP was entered from INIT, FAULT or by a late wake-up, adverts of lower priority are accepted as if
//   preempt were off. It does not delay a takeover from a MASTER that is silent.
//
// Owner (priority 255). MASTER at once, and preempts always. Two owners of version 3 elect by address (erratum 8298).

#include <optional>

#include "vrrp/advertMessages.h"
#include "vrrp/holding.h"

namespace aloft::vrrp {

class VirtualRouter {
 public:
  VirtualRouter(RouterConfig config, RouterId id);

  const RouterConfig& config() const { return config_; }
  RouterId id() const { return id_; }

  /// Startup (§6.4.1), on `link`, which is null when there is none.
  void start(const LinkState* link, EffectQueue& effects, TimePoint now);
  /// Startup as the heir of the same virtual router with another configuration: state, timers and addresses go on.
  void inherit(const VirtualRouter& predecessor, EffectQueue& effects, TimePoint now);
  /// Shutdown; see Engine::shutdown().
  void stop(bool keepAddresses, EffectQueue& effects, TimePoint now);

  /// `link` is null when the link is gone.
  void handleLink(const LinkState* link, EffectQueue& effects, TimePoint now);
  std::optional<wire::Discard> handleAdvert(const wire::VrrpAdvert& advert, const wire::IpAddress& source, EffectQueue& effects,
                                            TimePoint now);
  void handleActuated(const Actuated& result, EffectQueue& effects, TimePoint now);
  void handleTimeout(EffectQueue& effects, TimePoint now);
  void handleSendError() { ++run_.counters.sendErrors; }

  TimePoint nextDeadline() const { return std::min(run_.deadline, holding_.nextDeadline()); }
  RouterStatus status() const;
  Engine::Transmit advert(std::uint8_t priority);
  std::size_t announcements() const { return config_.addresses.size(); }
  Engine::Announcement announcement(std::size_t index) const;

 private:
  /// What was heard since BACKUP was entered: it decides what a takeover is called.
  enum class Heard : std::uint8_t { Nobody, Master, Resignation, LowerPriority };

  /// All that a new configuration leaves as it is.
  struct Run {
    State state = State::Init;
    Reason reason = Reason::Started;
    Heard heard = Heard::Nobody;
    bool pseudoHeaderLearned = false;
    TimePoint deadline = kNever;  ///< Adver_Timer as MASTER, Active_Down_Timer as BACKUP
    TimePoint armedAt{};          ///< when Active_Down_Timer was set
    Duration interval{};          ///< Active_Adver_Interval
    TimePoint startedAt{};        ///< begin of preemptDelay
    TimePoint heardAt{};
    TimePoint answeredAt = TimePoint::min();  ///< last answer to a losing advert
    TimePoint changedAt{};
    Duration silence{-1};
    wire::IpAddress peer;  ///< heard last
    std::uint32_t transitions = 0;
    RouterCounters counters;
  };

  /// The link as far as this virtual router needs it. Source and MAC stay while the link is gone: the resignation carries them.
  struct Attachment {
    std::uint32_t ifindex = 0;
    wire::IpAddress source;
    wire::MacAddress mac{};
  };

  Outbox outbox(EffectQueue& effects, TimePoint now);

  // receive.cc
  std::optional<wire::Discard> refuse(const wire::VrrpAdvert& advert, const wire::IpAddress& source) const;
  std::optional<wire::Discard> refuseVersion2(const wire::VrrpAdvert& advert) const;
  bool isBetter(const wire::VrrpAdvert& advert, const wire::IpAddress& source) const;
  bool learnChecksum(const wire::VrrpAdvert& advert);

  void receiveAsBackup(const wire::VrrpAdvert& advert, const wire::IpAddress& source, Outbox& out);
  void receiveAsMaster(const wire::VrrpAdvert& advert, const wire::IpAddress& source, bool learned, Outbox& out);
  void answer(bool learned, Outbox& out);
  void answerResignation(Outbox& out);
  void giveWay(const wire::VrrpAdvert& advert, Outbox& out);

  void becomeMaster(Reason reason, Outbox& out);
  void becomeReady(Reason reason, Outbox& out);
  void becomeFaulty(Reason reason, bool canSend, Outbox& out);
  void listen(Reason reason, Outbox& out);
  void change(State to, Reason reason, const wire::IpAddress& peer, Outbox& out);

  bool overslept(TimePoint now) const;
  void lookFirst(Outbox& out);
  void adverTimerFired(Outbox& out);
  void activeDownTimerFired(Outbox& out);
  void armActiveDown(Outbox& out);
  Duration activeDown() const;
  void applyTiming(Outbox& out);
  bool preempts(TimePoint now) const;
  bool usesPseudoHeader() const;

  const wire::IpAddress& sourceOn(const LinkState& link) const;
  std::optional<Reason> faultOf(const LinkState* link) const;
  void attach(const LinkState& link, Outbox& out);

  RouterConfig config_;
  RouterId id_;
  AdvertMessages messages_;
  Attachment attachment_;
  Run run_;
  Holding holding_;
};

}  // namespace aloft::vrrp
