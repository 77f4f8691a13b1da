#pragma once
// A node: the kernel, which outlives processes, and a process with the engine, its sockets and its actuator.

#include <deque>
#include <map>

#include "simulation/world.h"

namespace aloft::vrrp::simulation {

class Node {
 public:
  Node(World& world, std::size_t index, NodePlan plan);

  // ----- What happens to it -----
  void start();
  void crash(bool kernelSurvives);
  void pause();
  void resume();
  void stop(bool keepAddresses);
  /// The carrier; the process is told of it a moment later.
  void setLink(bool up);
  void setSource(std::uint8_t host);
  void loseSource();
  void configure(std::vector<RouterConfig> routers);
  /// Somebody else removes the addresses of an election.
  void stripAddresses(std::size_t election);
  void receive(const std::shared_ptr<const Packet>& packet);

  // ----- The loop of the process -----
  TimePoint wakeAt() const { return wakeAt_; }
  void wake();

  // ----- What can be seen -----
  std::size_t index() const { return index_; }
  bool isRunning() const { return engine_ != nullptr && !paused_ && !stopping_; }
  bool isPaused() const { return paused_; }
  bool linkUp() const { return link_.up; }
  bool hasSource() const { return !link_.primaryIPv4.isUnspecified(); }
  const std::vector<RouterConfig>& routers() const { return plan_.routers; }
  /// Null when the election is not configured here or the process is not there.
  const RouterConfig* config(const std::string& key) const;
  State state(const std::string& key) const;
  bool holds(const std::string& key) const;
  const wire::IpAddress& source(wire::Family family) const {
    return family == wire::Family::IPv4 ? link_.primaryIPv4 : link_.linkLocalIPv6;
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

  void drain();
  void handle(const Effect& effect, const std::vector<Effect>& batch);
  void checkAdvert(const Effect& effect, const std::string& key, const std::vector<Effect>& batch);
  void handleStateChange(const Effect& effect, const std::string& key);
  void transmit(const Effect& effect);
  void ask(const Effect& effect);
  void execute(std::uint64_t process, const Request& request);
  void hear(const Packet& packet);
  void armWakeUp();
  void tellLink();
  void reportResidue();
  std::string keyOf(RouterId router) const;

  World& world_;
  std::size_t index_;
  NodePlan plan_;

  // The kernel.
  LinkState link_;
  std::map<std::string, bool> held_;

  // The process.
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<IdRegistry> ids_;
  std::unique_ptr<Table> retired_;
  std::uint64_t process_ = 0;  // a new number for each
  bool paused_ = false;
  bool stopping_ = false;
  bool linkChanged_ = false;           // while paused
  bool configurationChanged_ = false;  // while paused
  std::deque<std::shared_ptr<const Packet>> socket_;
  std::vector<Request> parked_;
  TimePoint actuatorFree_{};
  TimePoint wakeAt_ = TimePoint::max();
  std::optional<TimePoint> armedFor_;

  // The observer.
  struct Observed {
    std::string key;
    State state = State::Init;
    TimePoint advertised{};
    Duration interval{};
  };
  std::map<RouterId, Observed> observed_;
  bool resuming_ = false;
  std::uint64_t disturbances_ = 0;
  std::map<std::string, std::uint64_t> takeovers_;
};

}  // namespace aloft::vrrp::simulation
