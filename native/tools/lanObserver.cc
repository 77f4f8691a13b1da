// lanobserver: what a client on the LAN sees of virtual addresses. Flags: `lanobserver --help`.
//
// Output: JSON lines, times in nanoseconds of CLOCK_MONOTONIC. README.md describes every member; in short:
//   {"type":"start","version":1,"timeNs":…,"interface":"eth0","mac":"…","realTime":true}
//   {"type":"advert","timeNs":…,"source":"…","destination":"224.0.0.18","mac":"…","version":3,"virtualRouterID":51,"priority":254,
//    "intervalMs":100,"addresses":1,"ttl":255,"discard":""}
//   {"type":"announcement","timeNs":…,"kind":"garp","address":"…","mac":"…","frameMac":"…"}
//   {"type":"owner","timeNs":…,"address":"…","macs":["…"]}
//   {"type":"outage","by":"echo","address":"…","fromNs":…,"toNs":…,"lost":3,"openStart":false,"openEnd":false}
//   {"type":"doubleAnswer","address":"…","fromNs":…,"toNs":…,"questions":2,"macs":["…","…"]}
//   {"type":"summary","by":"arp","address":"…","sent":…,"answered":…,"lost":…,"late":…,"sendErrors":…,"outages":…,"longestOutageNs":…,
//    "rttMinNs":…,"rttMeanNs":…,"rttMaxNs":…,"doubleAnswers":…,"doubleAnswerNs":…,"macs":[{"mac":"…","answers":…,"firstNs":…,"lastNs":…}]}
//   {"type":"end","timeNs":…,"ticks":…,"missedTicks":…,"maxLatenessNs":…,"dropped":0}

#include <csignal>
#include <cstdio>

#include "tools/observer.h"
#include "tools/options.h"

int main(int count, char** arguments) {
  using namespace aloft::tools;
  Options options;
  const std::string mistake = parseOptions(std::span(arguments, static_cast<std::size_t>(count)).subspan(count > 0 ? 1 : 0), options);
  if (options.help) {
    std::fwrite(usage().data(), 1, usage().size(), stdout);
    return 0;
  }
  if (!mistake.empty()) {
    std::fprintf(stderr, "lanobserver: %s; see --help\n", mistake.c_str());
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write
  Observer observer(options);
  std::string error = observer.open();
  if (error.empty()) error = observer.run();
  if (!error.empty()) std::fprintf(stderr, "lanobserver: %s\n", error.c_str());
  return error.empty() ? 0 : 1;
}
