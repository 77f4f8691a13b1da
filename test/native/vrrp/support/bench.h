#pragma once
// One engine on one link, with time in the test's hand and effects as text.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::vrrp {

using namespace std::chrono_literals;

wire::IpAddress address(const char* text);
/// An address with its prefix length, on the router's own interface unless told.
RouterAddress on(const char* prefix, const char* interface = "");

/// "a/v4" on eth0, VRID 51, priority 100, version 3, 100 ms, 192.0.2.100/24 and 192.0.2.101/24.
RouterConfig routerConfig();
/// The same in version 2 with 1 s.
RouterConfig version2Config();
/// "a/v6" with 2001:db8::100/64.
RouterConfig ipv6Config();

/// What a peer sends; by default what the engine itself would, from 192.0.2.20.
struct PeerAdvert {
  std::uint8_t version = 3;
  std::uint8_t virtualRouterId = 51;
  std::uint8_t priority = 100;
  Duration interval = 100ms;
  wire::ChecksumForm checksum = wire::ChecksumForm::WithoutPseudoHeader;
  std::string source = "192.0.2.20";
  std::vector<std::string> addresses = {"192.0.2.100", "192.0.2.101"};
};
std::vector<std::uint8_t> encode(const PeerAdvert& advert);

/// The link eth0 (index 2) has 192.0.2.10 and fe80::10: greater than the peer 192.0.2.5, less than the peer 192.0.2.20.
class Bench {
 public:
  Bench();
  explicit Bench(RouterConfig router);

  TimePoint now{1000s};
  IdRegistry ids;
  Engine engine;
  LinkState link;

  void configure(std::vector<RouterConfig> routers);
  void linkChanged() { engine.handleLink(link, now); }
  std::optional<wire::Discard> receive(const PeerAdvert& advert);
  std::optional<wire::Discard> receive(std::vector<std::uint8_t> message, const std::string& source, std::uint32_t ifindex = 2,
                                       std::uint8_t ttl = 255);
  /// The actuator's answer, for the first router unless told.
  void actuated(bool held, int error = 0, std::size_t router = 0);

  /// Somebody else is seen to announce the first of the addresses.
  void announcedElsewhere();

  void advance(Duration by) { now += by; }
  /// Goes to the next deadline and lets it fire.
  void fire();
  /// Fires all deadlines up to now + `span`; the effects of all of them, as drain() gives them.
  std::string run(Duration span);
  /// From now to the next deadline; negative when there is none.
  Duration untilDeadline() const;

  /// Effects since the last call, blank-separated: "advert(100) hold release announce INIT>BACKUP:Started". StateChanged names
  /// peer and silence behind the reason if it has them: "BACKUP>MASTER:AdvertTimeout(192.0.2.20,361ms)". "gate(ANSWER,ACCEPT)" has
  /// "shut", "open" or the time from now.
  std::string drain();
  /// Those of drain() that tell people something: "ForeignRouter(192.0.2.20,VersionMismatch)".
  std::string notices;
  std::vector<Effect> drainEffects();

  RouterStatus status(std::size_t router = 0) const { return engine.status(router); }
  State state(std::size_t router = 0) const { return engine.status(router).state; }

  /// From BACKUP: MASTER with held addresses whose announcements are over, at the moment of an advert just sent.
  void becomeSettledMaster();

 private:
  std::vector<std::unique_ptr<Table>> retired_;  // alive until their effects are drained, here simply for ever
};

}  // namespace aloft::vrrp
