#include "runtime/residue.h"

#include <gtest/gtest.h>

namespace aloft::runtime {
namespace {

constexpr std::uint32_t kEth0 = 2;
constexpr vrrp::RouterId kRouter = 7;

wire::IpPrefix prefix(const char* text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

kernel::LinkTable links(const char* address, bool marked) {
  kernel::LinkTable table;
  wire::LinkMessage link;
  link.index = kEth0;
  link.name = "eth0";
  table.apply(link);
  wire::AddressMessage message;
  message.index = kEth0;
  message.prefix = prefix(address);
  message.protocol = marked ? wire::kAloftAddress : 0;
  table.apply(message);
  return table;
}

std::vector<Assignment> assignments(const char* address) { return {{kRouter, "eth0", wire::Family::IPv4, 51, {prefix(address)}}}; }

const std::vector<JournalEntry> kJournal = {{"eth0", prefix("192.0.2.10/24")}};
const kernel::HeldAddress kHeld = {kEth0, prefix("192.0.2.10/24")};

TEST(Residue, OfAVirtualRouterIsAdoptedForIt) {
  kernel::AddressBook book;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", true), assignments("192.0.2.10/24"), book);
  ASSERT_EQ(book.heldBy(kRouter).size(), 1U);
  EXPECT_EQ(residue.takeOwners(), std::vector<kernel::Owner>{kRouter});
  EXPECT_TRUE(residue.takeOwners().empty());
}

TEST(Residue, OfNoVirtualRouterBelongsToNobody) {
  kernel::AddressBook book;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", true), assignments("192.0.2.99/24"), book);
  EXPECT_EQ(book.heldBy(kernel::kNobody).size(), 1U);
  EXPECT_EQ(residue.takeOwners(), std::vector<kernel::Owner>{kernel::kNobody});
}

TEST(Residue, WithoutOurMarkIsSomebodyElses) {
  kernel::AddressBook book;
  Residue residue(kJournal, true);
  residue.adopt(links("192.0.2.10/24", false), assignments("192.0.2.10/24"), book);
  EXPECT_FALSE(book.holds(kHeld));
  EXPECT_TRUE(residue.takeOwners().empty());
}

TEST(Residue, IsKnownByTheJournalAloneWhereTheKernelHasNoMarks) {
  kernel::AddressBook book;
  Residue residue(kJournal, false);
  residue.adopt(links("192.0.2.10/24", false), assignments("192.0.2.10/24"), book);
  EXPECT_TRUE(book.holds(kHeld));
}

TEST(Residue, WithOurMarkButNotInTheJournalIsAnotherAgents) {
  kernel::AddressBook book;
  Residue residue({}, true);
  residue.adopt(links("192.0.2.10/24", true), assignments("192.0.2.99/24"), book);
  EXPECT_FALSE(book.holds(kHeld));
}

TEST(Residue, IsOfThePast) {
  kernel::AddressBook book;
  Residue residue(kJournal, true);
  residue.adopt(kernel::LinkTable(), assignments("192.0.2.10/24"), book);
  residue.adopt(links("192.0.2.10/24", true), assignments("192.0.2.10/24"), book);
  EXPECT_FALSE(book.holds(kHeld));
}

}  // namespace
}  // namespace aloft::runtime
