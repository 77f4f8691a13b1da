#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "tools/benchRuns.h"
#include "tools/junk.h"
#include "tools/loop.h"
#include "tools/packetSocket.h"
#include "tools/receiver.h"
#include "tools/record.h"

namespace aloft::tools {
namespace {

constexpr std::size_t kBatch = 64;

/// Each kind for each virtual router from each source.
std::vector<std::vector<std::uint8_t>> allJunk(const BenchOptions& options) {
  std::vector<std::vector<std::uint8_t>> frames;
  for (unsigned i = 0; i < options.virtualRouterIds; ++i) {
    for (const wire::IpAddress& source : options.sources) {
      for (const wire::Discard why : kJunk) {
        JunkSettings settings;
        settings.mac = {0x06, 0, 0, 0, 0, 0x77};
        settings.source = source;
        settings.address = options.address;
        settings.virtualRouterId = static_cast<std::uint8_t>(options.firstVirtualRouterId + i);
        frames.push_back(junkFrame(why, settings));
      }
    }
  }
  return frames;
}

class Flood {
 public:
  explicit Flood(std::vector<std::vector<std::uint8_t>> frames) : frames_(std::move(frames)) {}

  /// Returns how many the kernel took.
  std::uint64_t send(int fd, std::uint64_t count) {
    std::uint64_t sent = 0;
    while (count > 0) {
      const auto batch = static_cast<unsigned>(std::min<std::uint64_t>(count, kBatch));
      for (unsigned i = 0; i < batch; ++i) {
        std::vector<std::uint8_t>& frame = frames_[next_++ % frames_.size()];
        vectors_[i] = {frame.data(), frame.size()};
        headers_[i].msg_hdr = {};
        headers_[i].msg_hdr.msg_iov = &vectors_[i];
        headers_[i].msg_hdr.msg_iovlen = 1;
      }
      const int taken = sendmmsg(fd, headers_.data(), batch, MSG_DONTWAIT);
      sent += taken > 0 ? static_cast<std::uint64_t>(taken) : 0;
      count -= batch;
    }
    return sent;
  }

 private:
  std::vector<std::vector<std::uint8_t>> frames_;
  std::uint64_t next_ = 0;
  std::array<mmsghdr, kBatch> headers_{};
  std::array<iovec, kBatch> vectors_{};
};

}  // namespace

std::string flood(const BenchOptions& options) {
  RecordWriter writer;
  PacketSocket socket;
  std::string error = writer.open(options.output, true);
  if (error.empty()) error = socket.open(options.interface, false, PacketSocket::Seen::Nothing);
  if (!error.empty()) return error;
  const int signals = openSignals();
  writer.write(Record("start").number("version", std::int64_t{1}).number("timeNs", monotonicNow()));
  error = writer.drain();
  Flood flood(allJunk(options));
  const Nanoseconds begin = monotonicNow();
  const Nanoseconds end = options.duration > 0 ? begin + options.duration : INT64_MAX;
  std::uint64_t due = 0, sent = 0;
  Nanoseconds now = begin;
  for (; error.empty() && now < end && !isSignalled(signals); now = monotonicNow()) {
    const auto target = static_cast<std::uint64_t>(static_cast<double>(now - begin) * options.rate / kSecond);
    // What was missed while somebody else had the processor is not made up for in one burst of more than 20 ms.
    const std::uint64_t most = options.rate / 50;
    sent += flood.send(socket.fd(), std::min(target - due, most));
    due = target;
    pollfd signal{signals, POLLIN, 0};
    poll(&signal, 1, 1);
  }
  writer.write(Record("end").number("timeNs", now).number("durationNs", now - begin).number("sent", sent));
  const std::string unwritten = writer.drain();
  return error.empty() ? unwritten : error;
}

}  // namespace aloft::tools
