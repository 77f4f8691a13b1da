// What a rule consists of: NFTA_LIST_ELEM { NFTA_EXPR_NAME text, NFTA_EXPR_DATA { attributes of the expression } }.

#include <array>
#include <cstring>

#include "wire/nftables.h"

namespace aloft::wire {
namespace {

constexpr std::uint16_t kListElement = 1;
constexpr std::uint16_t kExpressionName = 1;
constexpr std::uint16_t kExpressionData = 2;
constexpr std::uint32_t kFirstRegister = 8;   // NFT_REG32_00
constexpr std::uint32_t kRouteTypeLocal = 2;  // RTN_LOCAL

}  // namespace

std::size_t NftBuilder::beginExpression(std::string_view name) {
  const std::size_t nested = messages_.beginNested(kListElement);
  messages_.text(kExpressionName, name);
  expression_ = messages_.beginNested(kExpressionData);
  return nested;
}

void NftBuilder::endExpression(std::size_t start) {
  messages_.endNested(expression_);
  messages_.endNested(start);
}

void NftBuilder::compare(unsigned with, std::span<const std::uint8_t> bytes) {
  const std::size_t start = beginExpression("cmp");
  number(1, kFirstRegister + with);  // NFTA_CMP_SREG
  number(2, 0);                      // NFTA_CMP_OP: NFT_CMP_EQ
  value(3, bytes);                   // NFTA_CMP_DATA
  endExpression(start);
}

void NftBuilder::isFamily(std::uint8_t family, unsigned scratch) {
  const std::size_t start = beginExpression("meta");
  number(1, kFirstRegister + scratch);  // NFTA_META_DREG
  number(2, 15);                        // NFTA_META_KEY: NFT_META_NFPROTO
  endExpression(start);
  compare(scratch, std::array<std::uint8_t, 1>{family});
}

void NftBuilder::isForThisNode(unsigned scratch) {
  const std::size_t start = beginExpression("fib");
  number(1, kFirstRegister + scratch);  // NFTA_FIB_DREG
  number(2, 3);                         // NFTA_FIB_RESULT: NFT_FIB_RESULT_ADDRTYPE
  number(3, 2);                         // NFTA_FIB_FLAGS: NFTA_FIB_F_DADDR
  endExpression(start);
  std::array<std::uint8_t, 4> local;  // in host order, as the kernel stores it
  std::memcpy(local.data(), &kRouteTypeLocal, sizeof kRouteTypeLocal);
  compare(scratch, local);
}

void NftBuilder::loadProtocol(unsigned to) {
  const std::size_t start = beginExpression("meta");
  number(1, kFirstRegister + to);
  number(2, 16);  // NFT_META_L4PROTO
  endExpression(start);
}

void NftBuilder::loadPayload(Base base, std::uint32_t offset, std::uint32_t size, unsigned to) {
  const std::size_t start = beginExpression("payload");
  number(1, kFirstRegister + to);               // NFTA_PAYLOAD_DREG
  number(2, static_cast<std::uint32_t>(base));  // NFTA_PAYLOAD_BASE
  number(3, offset);                            // NFTA_PAYLOAD_OFFSET
  number(4, size);                              // NFTA_PAYLOAD_LEN
  endExpression(start);
}

void NftBuilder::loadOriginal(std::uint32_t key, unsigned to) {
  const std::size_t start = beginExpression("ct");
  number(1, kFirstRegister + to);                          // NFTA_CT_DREG
  number(2, key);                                          // NFTA_CT_KEY
  messages_.attribute(3, std::array<std::uint8_t, 1>{0});  // NFTA_CT_DIRECTION: IP_CT_DIR_ORIGINAL
  endExpression(start);
}

void NftBuilder::loadRandom(std::uint32_t below, unsigned to) {
  const std::size_t start = beginExpression("numgen");
  number(1, kFirstRegister + to);  // NFTA_NG_DREG
  number(2, below);                // NFTA_NG_MODULUS
  number(3, 1);                    // NFTA_NG_TYPE: NFT_NG_RANDOM
  endExpression(start);
}

void NftBuilder::loadHash(unsigned from, std::uint32_t size, std::uint32_t below, unsigned to) {
  const std::size_t start = beginExpression("hash");
  number(1, kFirstRegister + from);  // NFTA_HASH_SREG
  number(2, kFirstRegister + to);    // NFTA_HASH_DREG
  number(3, size);                   // NFTA_HASH_LEN
  number(4, below);                  // NFTA_HASH_MODULUS
  number(5, 0);                      // NFTA_HASH_SEED: the same on all nodes
  endExpression(start);
}

void NftBuilder::isIn(std::string_view set, unsigned from) {
  const std::size_t start = beginExpression("lookup");
  messages_.text(1, set);            // NFTA_LOOKUP_SET
  number(2, kFirstRegister + from);  // NFTA_LOOKUP_SREG
  endExpression(start);
}

void NftBuilder::lookUp(std::string_view map, unsigned from, unsigned to) {
  const std::size_t start = beginExpression("lookup");
  messages_.text(1, map);
  number(2, kFirstRegister + from);
  number(3, kFirstRegister + to);  // NFTA_LOOKUP_DREG
  endExpression(start);
}

void NftBuilder::accept() {
  const std::size_t start = beginExpression("immediate");
  number(1, 0);                                          // NFTA_IMMEDIATE_DREG: NFT_REG_VERDICT
  const std::size_t data = messages_.beginNested(2);     // NFTA_IMMEDIATE_DATA
  const std::size_t verdict = messages_.beginNested(2);  // NFTA_DATA_VERDICT
  number(1, 1);                                          // NFTA_VERDICT_CODE: NF_ACCEPT
  messages_.endNested(verdict);
  messages_.endNested(data);
  endExpression(start);
}

void NftBuilder::translateDestination(std::uint8_t family, unsigned address, unsigned port) {
  const std::size_t start = beginExpression("nat");
  number(1, 1);                         // NFTA_NAT_TYPE: NFT_NAT_DNAT
  number(2, family);                    // NFTA_NAT_FAMILY
  number(3, kFirstRegister + address);  // NFTA_NAT_REG_ADDR_MIN
  number(5, kFirstRegister + port);     // NFTA_NAT_REG_PROTO_MIN
  endExpression(start);
}

void NftBuilder::masquerade() {
  const std::size_t start = beginExpression("masq");
  number(1, 16);  // NFTA_MASQ_FLAGS: NF_NAT_RANGE_PROTO_RANDOM_FULLY
  endExpression(start);
}

}  // namespace aloft::wire
