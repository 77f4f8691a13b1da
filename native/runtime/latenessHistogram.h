#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace aloft::runtime {

/// How much later than its deadline the vrrp thread woke. One writer; readers see each number whole, but not all of one moment.
class LatenessHistogram {
 public:
  /// Upper bounds in microseconds; a last bucket takes the rest.
  static constexpr std::array<std::uint32_t, 15> kBoundsUs = {5,    10,   20,    50,    100,   200,    500,    1000,
                                                              2000, 5000, 10000, 20000, 50000, 100000, 1000000};

  void record(std::chrono::nanoseconds lateness);

  struct Reading {
    std::array<std::uint64_t, kBoundsUs.size() + 1> cumulative{};  ///< last one: all
    double sumUs = 0;
    double maxUs = 0;
  };
  Reading read() const;

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsUs.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_{0};  // nanoseconds
  std::atomic<std::int64_t> max_{0};
};

}  // namespace aloft::runtime
