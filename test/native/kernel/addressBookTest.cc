#include "kernel/addressBook.h"

#include <gtest/gtest.h>

namespace aloft::kernel {
namespace {

constexpr std::uint32_t kEth0 = 2;
constexpr std::uint32_t kEth1 = 3;
using Kind = AddressOperation::Kind;

wire::IpPrefix prefix(const char* text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

const wire::IpPrefix kA = prefix("192.0.2.10/24");
const wire::IpPrefix kB = prefix("192.0.2.11/24");

std::vector<AddressOperation> plan(AddressBook& book, Owner owner, std::uint32_t ifindex, std::vector<wire::IpPrefix> wanted) {
  return book.plan(owner, ifindex, wanted);
}

TEST(AddressBook, AddsWhatIsNotHeld) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  EXPECT_EQ(plan(book, 1, kEth0, {kA, kB}), (std::vector<AddressOperation>{{Kind::Add, kEth0, kB}}));
}

TEST(AddressBook, PlansNothingWhenAllIsHeld) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  EXPECT_TRUE(plan(book, 1, kEth0, {kA}).empty());
}

TEST(AddressBook, RemovesWhatIsNoLongerWantedBeforeItAdds) {
  AddressBook book;
  const wire::IpPrefix narrow = prefix("2001:db8::1/128");
  const wire::IpPrefix wide = prefix("2001:db8::1/64");
  book.hold(1, {kEth0, narrow});
  EXPECT_EQ(plan(book, 1, kEth0, {wide}), (std::vector<AddressOperation>{{Kind::Remove, kEth0, narrow}, {Kind::Add, kEth0, wide}}));
}

TEST(AddressBook, MovesToAnotherInterface) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  EXPECT_EQ(plan(book, 1, kEth1, {kA}), (std::vector<AddressOperation>{{Kind::Remove, kEth0, kA}, {Kind::Add, kEth1, kA}}));
}

TEST(AddressBook, NeverRemovesWhatItDoesNotHold) {
  AddressBook book;
  EXPECT_TRUE(plan(book, 1, kEth0, {}).empty());
  book.hold(2, {kEth0, kA});
  EXPECT_TRUE(plan(book, 1, kEth0, {}).empty());
}

TEST(AddressBook, TakesOverFromAnotherOwnerWithoutAnOperation) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  EXPECT_TRUE(plan(book, 2, kEth0, {kA}).empty());
  EXPECT_TRUE(book.heldBy(1).empty());
  ASSERT_EQ(book.heldBy(2).size(), 1U);
  // The former owner's release, which comes late, leaves it alone.
  EXPECT_TRUE(plan(book, 1, kEth0, {}).empty());
}

TEST(AddressBook, DropTellsWhoHadIt) {
  AddressBook book;
  book.hold(5, {kEth0, kA});
  EXPECT_EQ(book.drop({kEth0, kA}), 5U);
  EXPECT_EQ(book.drop({kEth0, kA}), kNobody);
  EXPECT_TRUE(book.owners().empty());
  EXPECT_TRUE(book.all().empty());
}

TEST(AddressBook, HoldingTwiceIsHoldingOnce) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  book.hold(1, {kEth0, kA});
  EXPECT_EQ(book.heldBy(1).size(), 1U);
}

TEST(AddressBook, TheSameAddressOnTwoInterfacesIsTwo) {
  AddressBook book;
  book.hold(1, {kEth0, kA});
  EXPECT_FALSE(book.holds({kEth1, kA}));
}

}  // namespace
}  // namespace aloft::kernel
