#pragma once

namespace aloft::ipvs {

/// Visits a variant by one lambda for each of its alternatives.
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace aloft::ipvs
