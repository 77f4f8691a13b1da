#pragma once
// A node: the kernel, which outlives processes, and a process with the engine, its sockets and its actuator.

#include <array>
#include <deque>
#include <map>
#include <optional>

#include "simulation/world.h"

namespace aloft::vrrp::simulation {

class Node {
 public:
  Node(World& world, std::size_t index, NodePlan plan);

  // ----- What happens to it -----
  void start();
  void crash(bool kernelSurvives);
  void pause();
  /// The same, in the middle of the next effects.
  void pauseAmidEffects() { pauseAfter_ = static_cast<int>(world_.random.below(4)); }
  void resume();
  void stop(Shutdown how);
  /// The carrier; the process is told of it a moment later.
  void setLink(std::size_t segment, bool up);
  void setSource(std::uint8_t host);
  void loseSource();
  void restoreSource();
  void configure(std::vector<RouterConfig> routers);
  void setCheck(CheckId check, bool up);
  /// Somebody else removes the addresses of an election.
  void stripAddresses(const std::string& key);
  void receive(const std::shared_ptr<const Packet>& packet);
  void seeClaim(std::size_t claimer, const std::string& key);

  // ----- The loop of the process, nodeEffects.cc -----
  TimePoint wakeAt() const { return wakeAt_; }
  void wake();

  // ----- What can be seen -----
  std::size_t index() const { return index_; }
  bool isRunning() const { return engine_ != nullptr && !paused_ && !stopping_; }
  bool isPaused() const { return paused_; }
  bool isStopping() const { return stopping_; }
  bool linkUp(std::size_t segment) const { return links_[segment].up; }
  bool hasSource() const { return !links_[0].primaryIPv4.isUnspecified(); }
  /// Whether a packet on the wire is for it.
  bool takes(const Packet& packet) const;
  const std::vector<RouterConfig>& routers() const { return plan_.routers; }
  /// Null when the election is not configured here or the process is not there.
  const RouterConfig* config(const std::string& key) const;
  std::optional<RouterStatus> status(const std::string& key) const;
  State state(const std::string& key) const;
  bool checkIsUp(CheckId check) const { return checksUp_[check - 1]; }
  /// See I1.
  bool hasClaimedLate(const std::string& key) const { return claimedLate_.contains(key); }
  /// It handed the election over and does not preempt.
  bool hasYielded(const std::string& key) const { return yielded_.contains(key); }
  /// What the kernel does with the addresses of an election.
  bool holds(const std::string& key) const;
  bool gateIsOpen(const std::string& key) const;
  bool answers(const std::string& key) const { return holds(key) && gateIsOpen(key); }
  bool accepts(const std::string& key) const;
  const wire::IpAddress& source(wire::Family family) const {
    return family == wire::Family::IPv4 ? links_[0].primaryIPv4 : links_[0].linkLocalIPv6;
  }
  /// Changes of state, requests to the actuator: what a steady LAN has none of.
  std::uint64_t disturbances() const { return disturbances_; }
  /// How often it became MASTER of an election, in all its lives.
  std::uint64_t takeovers(const std::string& key) const { return takeovers_.contains(key) ? takeovers_.at(key) : 0; }

 private:
  struct Request {
    RouterId router;
    std::string key;
    bool hold;
  };
  /// An effect with what it sends: the engine's buffers do not outlive a stop.
  struct Action {
    Effect effect;
    std::vector<Packet> packets;
    bool givesUp = false;  ///< its batch leaves MASTER
    bool takesOver = false;
    TimePoint decidedAt{};  ///< world time
  };
  struct GateTimes {
    TimePoint answer{};
    TimePoint accept{};
  };

  TimePoint now() const { return plan_.clock.local(world_.now); }
  void hear(const Packet& packet);
  void takeSources(const wire::IpAddress& primaryIPv4, const wire::IpAddress& linkLocalIPv6);
  void tellLinks();
  void tellChecks();
  void tellClaims();
  void reportResidue();
  std::string keyOf(RouterId router) const;
  std::size_t segmentOf(const std::string& key) const;
  std::string called() const { return "n" + std::to_string(index_); }

  // nodeEffects.cc
  void drain();
  std::vector<Action> poll();
  std::vector<Packet> packetsOf(const Effect& effect);
  void carryOut(const Action& action);
  void carryOutUnfinished();
  void checkAdvert(const Action& action, const std::string& key);
  void checkGroups();
  void handleStateChange(const Effect& effect, const std::string& key);
  void setGate(const Effect& effect, const std::string& key);
  void ask(const Effect& effect);
  void execute(std::uint64_t process, const Request& request);
  void armWakeUp();
  void endWhenDone();

  World& world_;
  std::size_t index_;
  NodePlan plan_;

  // The kernel.
  std::array<LinkState, kSegments> links_;
  std::map<std::string, bool> held_;
  std::map<std::string, GateTimes> gates_;
  std::array<bool, kChecks> checksUp_;

  // The process.
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<IdRegistry> ids_;
  std::unique_ptr<Table> retired_;
  std::uint64_t process_ = 0;  // a new number for each
  bool paused_ = false;
  bool stopping_ = false;
  int pauseAfter_ = -1;                // so many effects
  bool linkChanged_ = false;           // while paused
  bool checksChanged_ = false;         // while paused
  bool configurationChanged_ = false;  // while paused
  std::deque<Action> unfinished_;
  std::deque<std::shared_ptr<const Packet>> socket_;
  std::map<std::string, ConflictSeen> claims_;
  std::vector<Request> parked_;
  TimePoint actuatorFree_{};
  TimePoint wakeAt_ = TimePoint::max();
  std::optional<TimePoint> armedFor_;

  // The observer.
  struct Observed {
    std::string key;
    std::string group;
    State state = State::Init;
    TimePoint advertised{};
    Duration claim{};
  };
  std::map<RouterId, Observed> observed_;
  bool resuming_ = false;
  std::uint64_t disturbances_ = 0;
  std::map<std::string, std::uint64_t> takeovers_;
  std::set<std::string> yielded_;
  std::set<std::string> claimedLate_;  // stopped between the decision to take over and the first advert, or just behind an advert
};

}  // namespace aloft::vrrp::simulation
