#include "kernel/addressBook.h"

#include "text.h"

namespace aloft::kernel {
namespace {

using test::ip;
using test::prefix;
using Kind = AddressOperation::Kind;
using Operations = std::vector<AddressOperation>;

constexpr std::uint32_t kEth0 = 2;
constexpr std::uint32_t kEth1 = 3;

PlacedAddress at(std::uint32_t ifindex, const char* text, AddressForm form = {}) { return {{ifindex, prefix(text)}, std::move(form)}; }
AddressForm labelled(const char* label) {
  AddressForm form;
  form.label = label;
  return form;
}
AddressForm hostRoute() {
  AddressForm form;
  form.hostRoute = true;
  return form;
}

const PlacedAddress kA = at(kEth0, "192.0.2.10/24");
const PlacedAddress kB = at(kEth0, "192.0.2.11/24");

Operations plan(AddressBook& book, Owner owner, const std::vector<PlacedAddress>& wanted) { return book.plan(owner, wanted); }

TEST(AddressBook, AddsWhatIsNotHeld) {
  AddressBook book;
  book.hold(1, kA);
  EXPECT_EQ(plan(book, 1, {kA, kB}), (Operations{{Kind::Add, kB}}));
}

TEST(AddressBook, PlansNothingWhenAllIsHeld) {
  AddressBook book;
  book.hold(1, kA);
  EXPECT_TRUE(plan(book, 1, {kA}).empty());
}

TEST(AddressBook, RemovesWhatIsNoLongerWantedBeforeItAdds) {
  AddressBook book;
  book.hold(1, kA);
  EXPECT_EQ(plan(book, 1, {kB}), (Operations{{Kind::Remove, kA}, {Kind::Add, kB}}));
}

TEST(AddressBook, ReplacesAnAddressThatGetsAnotherPrefixLength) {
  AddressBook book;
  const PlacedAddress narrow = at(kEth0, "2001:db8::1/128");
  const PlacedAddress wide = at(kEth0, "2001:db8::1/64");
  book.hold(1, narrow);
  EXPECT_EQ(plan(book, 1, {wide}), (Operations{{Kind::Replace, wide, narrow}}));
}

TEST(AddressBook, RemovesAllLengthsOfAnAddressButTheOneThatIsReplaced) {
  AddressBook book;
  const PlacedAddress lengths[] = {at(kEth0, "192.0.2.1/32"), at(kEth0, "192.0.2.1/24"), at(kEth0, "192.0.2.1/16")};
  for (const PlacedAddress& address : lengths) book.hold(1, address);
  const Operations operations = plan(book, 1, {at(kEth0, "192.0.2.1/8")});
  ASSERT_EQ(operations.size(), 3U);
  std::vector<HeldAddress> gone;
  for (const AddressOperation& operation : operations) {
    gone.push_back(operation.kind == Kind::Replace ? operation.former.place : operation.address.place);
  }
  for (const PlacedAddress& address : lengths) EXPECT_NE(std::find(gone.begin(), gone.end(), address.place), gone.end());
}

TEST(AddressBook, ReplacesAnAddressThatGetsAnotherLabelScopeOrBroadcast) {
  AddressForm scoped, broadcasting;
  scoped.scope = 253;
  broadcasting.broadcast = ip("192.0.2.255");
  for (const AddressForm& form : {labelled("eth0:vip"), scoped, broadcasting}) {
    AddressBook book;
    book.hold(1, kA);
    const PlacedAddress wanted{kA.place, form};
    EXPECT_EQ(plan(book, 1, {wanted}), (Operations{{Kind::Replace, wanted, kA}}));
    book.hold(1, wanted);
    EXPECT_TRUE(plan(book, 1, {wanted}).empty());
  }
}

TEST(AddressBook, LeavesAHostRouteAndAnAddressWhatTheyAre) {
  AddressBook book;
  const PlacedAddress route = at(kEth0, "192.0.2.10/32", hostRoute());
  const PlacedAddress plain = at(kEth0, "192.0.2.11/32");
  book.hold(1, route);
  book.hold(1, plain);
  EXPECT_TRUE(plan(book, 1, {{route.place, {}}, {plain.place, hostRoute()}}).empty());
  EXPECT_TRUE(book.formOf(route.place)->hostRoute);
  // A label only an address can have.
  const PlacedAddress wanted = at(kEth0, "192.0.2.10/32", labelled("eth0:vip"));
  EXPECT_EQ(plan(book, 1, {wanted, plain}), (Operations{{Kind::Replace, wanted, route}}));
}

TEST(AddressBook, MovesToAnotherInterface) {
  AddressBook book;
  book.hold(1, kA);
  const PlacedAddress moved = at(kEth1, "192.0.2.10/24");
  EXPECT_EQ(plan(book, 1, {moved}), (Operations{{Kind::Remove, kA}, {Kind::Add, moved}}));
}

TEST(AddressBook, NeverRemovesWhatItDoesNotHold) {
  AddressBook book;
  EXPECT_TRUE(plan(book, 1, {}).empty());
  book.hold(2, kA);
  EXPECT_TRUE(plan(book, 1, {}).empty());
}

TEST(AddressBook, TakesOverFromAnotherOwnerWithoutAnOperation) {
  AddressBook book;
  book.hold(1, kA);
  EXPECT_TRUE(plan(book, 2, {kA}).empty());
  EXPECT_TRUE(book.heldBy(1).empty());
  ASSERT_EQ(book.heldBy(2).size(), 1U);
  // The former owner's release, which comes late, leaves it alone.
  EXPECT_TRUE(plan(book, 1, {}).empty());
}

TEST(AddressBook, DropTellsWhoHadIt) {
  AddressBook book;
  book.hold(5, kA);
  EXPECT_EQ(book.drop(kA.place), 5U);
  EXPECT_EQ(book.drop(kA.place), kNobody);
  EXPECT_TRUE(book.owners().empty());
  EXPECT_TRUE(book.all().empty());
}

TEST(AddressBook, KeepsTheRestWhenOneOfManyIsDropped) {
  AddressBook book;
  for (const char* text : {"192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32"}) book.hold(1, at(kEth0, text));
  EXPECT_EQ(book.drop({kEth0, prefix("192.0.2.2/32")}), 1U);
  EXPECT_EQ(book.drop({kEth0, prefix("192.0.2.4/32")}), 1U);
  EXPECT_EQ(book.heldBy(1).size(), 2U);
  for (const HeldAddress& held : book.heldBy(1)) EXPECT_TRUE(book.holds(held));
  EXPECT_EQ(book.drop({kEth0, prefix("192.0.2.1/32")}), 1U);
  EXPECT_EQ(book.drop({kEth0, prefix("192.0.2.3/32")}), 1U);
  EXPECT_TRUE(book.heldBy(1).empty());
}

TEST(AddressBook, HoldingTwiceIsHoldingOnce) {
  AddressBook book;
  book.hold(1, kA);
  book.hold(1, kA);
  EXPECT_EQ(book.heldBy(1).size(), 1U);
}

TEST(AddressBook, TheSameAddressOnTwoInterfacesIsTwo) {
  AddressBook book;
  book.hold(1, kA);
  EXPECT_FALSE(book.holds(at(kEth1, "192.0.2.10/24").place));
}

}  // namespace
}  // namespace aloft::kernel
