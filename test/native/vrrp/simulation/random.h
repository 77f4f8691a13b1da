#pragma once
// Random numbers that are the same for a seed on every machine: the standard distributions are not.

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "vrrp/time.h"

namespace aloft::vrrp::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0 … bound − 1.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  int between(int least, int most) { return least + static_cast<int>(below(static_cast<std::uint64_t>(most - least + 1))); }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count() + 1))));
  }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }

  template <typename T>
  const T& oneOf(const std::vector<T>& values) {
    return values[below(values.size())];
  }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace aloft::vrrp::simulation
