#include "tools/claims.h"

#include "support.h"

namespace aloft::tools {
namespace {

using wire::ip;

const std::vector<wire::IpAddress> kThree = {ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::3")};

wire::IpAddress addressOf(const Claims::Claim* claim) { return claim == nullptr ? wire::IpAddress{} : claim->address; }

TEST(Claims, asksForWhatIsNotAnnouncedInTurn) {
  Claims claims(kThree);
  EXPECT_EQ(claims.nextAnnounced(1), nullptr);
  for (const std::size_t wanted : {0u, 1u, 2u, 0u}) EXPECT_EQ(addressOf(claims.nextInTurn(1)), kThree[wanted]);
  claims.answered(kThree[1], 5);
  EXPECT_EQ(addressOf(claims.nextInTurn(6)), kThree[2]);
  EXPECT_EQ(addressOf(claims.nextInTurn(6)), kThree[0]);
  EXPECT_EQ(addressOf(claims.nextInTurn(6)), kThree[2]);
}

TEST(Claims, asksForAnAnnouncedAddressAtOnceAndAgainAfterAWhile) {
  Claims claims(kThree);
  claims.announced(kThree[2], 10);
  EXPECT_EQ(addressOf(claims.nextAnnounced(20)), kThree[2]);
  EXPECT_EQ(claims.nextAnnounced(21), nullptr);
  EXPECT_EQ(claims.nextAnnounced(19 + Claims::kPatience), nullptr);
  claims.announced(kThree[0], 30);
  EXPECT_EQ(addressOf(claims.nextAnnounced(40)), kThree[0]) << "a new one comes before one that waits";
  EXPECT_EQ(addressOf(claims.nextAnnounced(20 + Claims::kPatience)), kThree[2]);
}

TEST(Claims, isDoneWithWhatHasAnswered) {
  Claims claims(kThree);
  for (const wire::IpAddress& address : kThree) claims.announced(address, 10);
  claims.answered(kThree[0], 20);
  claims.answered(kThree[0], 99);
  claims.answered(ip("192.0.2.99"), 20);
  EXPECT_EQ(claims.open(), 2u);
  EXPECT_EQ(claims.all()[0].answeredNs, 20) << "the first answer counts";
  EXPECT_EQ(addressOf(claims.nextAnnounced(30)), kThree[2]);
  EXPECT_EQ(addressOf(claims.nextAnnounced(30)), kThree[1]);
  EXPECT_EQ(claims.nextAnnounced(31), nullptr);
  claims.answered(kThree[1], 40);
  claims.answered(kThree[2], 41);
  EXPECT_EQ(claims.open(), 0u);
  EXPECT_EQ(claims.nextInTurn(50), nullptr);
  EXPECT_EQ(claims.nextAnnounced(kSecond), nullptr);
}

TEST(Claims, takesAnAddressOnce) {
  const Claims claims({ip("192.0.2.1"), ip("192.0.2.1")});
  EXPECT_EQ(claims.open(), 1u);
}

}  // namespace
}  // namespace aloft::tools
