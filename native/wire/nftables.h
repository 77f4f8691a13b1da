#pragma once
// Requests to nf_tables (linux/netfilter/nf_tables.h, nfnetlink.h): tables, chains, sets and maps with their elements, rules. Pure, no
// allocation.
//
//   batch    [BATCH_BEGIN | request … | BATCH_END]                         one transaction: all of it or nothing
//   message  [netfilter header: family u8, version u8, resource be16 | attributes …]
//   rule     [TABLE text | CHAIN text | EXPRESSIONS { ELEM { NAME text, DATA { … } } … }]
//   element  ELEM [KEY { VALUE bytes } | DATA { VALUE bytes }]
//
// Numbers are big-endian. Expressions work on sixteen registers of 4 bytes each; an address of IPv6 fills four. What is concatenated stands
// in registers one after the other, each part padded to whole ones.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wire/netlink.h"

namespace aloft::wire {

/// Where the kernel calls a chain.
enum class NftHook : std::uint32_t { Prerouting = 0, Output = 3, Postrouting = 4 };

/// Types of parts of a key, as nft prints them; the kernel does not look at them. Of a concatenation: 6 bits each.
enum class NftType : std::uint32_t { IPv4Address = 7, IPv6Address = 8, Protocol = 12, Port = 13, Mark = 19 };
constexpr std::uint32_t concatenated(std::initializer_list<NftType> parts) {
  std::uint32_t all = 0;
  for (const NftType part : parts) all = all << 6 | static_cast<std::uint32_t>(part);
  return all;
}

struct NftSet {
  std::string_view name;
  std::uint32_t id = 0;  ///< unique in its transaction
  std::uint32_t keyType = 0;
  std::uint32_t keySize = 0;
  std::uint32_t dataType = 0;
  std::uint32_t dataSize = 0;  ///< 0: a set, and no map
  std::uint32_t size = 0;      ///< elements that it has room for
};

/// Writes requests for one table of family inet into the caller's buffer. All functions but those of a rule write a whole message, and
/// return false when it does not fit; those before it stay.
class NftBuilder {
 public:
  /// Sequence numbers count from `sequence`.
  NftBuilder(std::span<std::uint8_t> buffer, std::string_view table, std::uint32_t sequence)
      : messages_(buffer), table_(table), sequence_(sequence) {}

  std::span<const std::uint8_t> bytes() const { return messages_.bytes(); }
  bool beginBatch();
  bool endBatch();

  /// No failure when it stands: so the end of a transaction may be one that is acknowledged.
  bool addTable(bool acknowledged = false);
  /// With all that is in it. ENOENT when it does not stand.
  bool removeTable(bool acknowledged);
  bool addNatChain(std::string_view name, NftHook hook, std::int32_t priority);
  bool addSet(const NftSet& set);

  bool beginElements(std::string_view set);
  void element(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data);
  bool endElements();

  /// What stands between is the rule's expressions, in their order.
  void beginRule(std::string_view chain);
  bool endRule();

  // Expressions. Registers are counted in 4 bytes, from 0 to 15.

  /// The rule goes on only for packets of the family: NFPROTO_….
  void isFamily(std::uint8_t family, unsigned scratch);
  /// The rule goes on only when an address that the packet is sent to is one of the node's own (fib daddr type local).
  void isForThisNode(unsigned scratch);
  void loadProtocol(unsigned to);
  enum class Base : std::uint32_t { Network = 1, Transport = 2 };
  void loadPayload(Base base, std::uint32_t offset, std::uint32_t size, unsigned to);
  /// Of the packet that began the connection, before any translation. `key`: NFT_CT_….
  void loadOriginal(std::uint32_t key, unsigned to);
  void loadRandom(std::uint32_t below, unsigned to);
  void loadHash(unsigned from, std::uint32_t size, std::uint32_t below, unsigned to);
  /// The rule goes on only when the set has the key that begins at `from`.
  void isIn(std::string_view set, unsigned from);
  /// The same, with what the map has for it from `to` on.
  void lookUp(std::string_view map, unsigned from, unsigned to);
  void accept();
  /// To the address and the port that these registers hold.
  void translateDestination(std::uint8_t family, unsigned address, unsigned port);
  /// From an address of the node, and a port chosen at random.
  void masquerade();

 private:
  void begin(std::uint16_t message, std::uint16_t flags);
  std::size_t beginExpression(std::string_view name);
  void endExpression(std::size_t start);
  void number(std::uint16_t type, std::uint32_t value);
  void value(std::uint16_t type, std::span<const std::uint8_t> bytes);
  void compare(unsigned with, std::span<const std::uint8_t> bytes);

  NetlinkBuilder messages_;
  std::string_view table_;
  std::uint32_t sequence_;
  std::size_t list_ = 0;        ///< of the elements or the expressions of the message that is open
  std::size_t expression_ = 0;  ///< its data
};

inline constexpr std::uint8_t kNftIPv4 = 2;                // NFPROTO_IPV4
inline constexpr std::uint8_t kNftIPv6 = 10;               // NFPROTO_IPV6
inline constexpr std::uint32_t kNftOriginalPort = 12;      // NFT_CT_PROTO_DST
inline constexpr std::uint32_t kNftOriginalAddress = 20;   // NFT_CT_DST_IP, Linux 4.17
inline constexpr std::uint32_t kNftOriginalAddress6 = 22;  // NFT_CT_DST_IP6
/// An element of NftBuilder::element() is at most this long.
inline constexpr std::size_t kMaxNftElement = 80;

/// The number of the ruleset, which each transaction of anybody raises.
bool buildNftGenerationRequest(NetlinkBuilder& builder, std::uint32_t sequence);
std::optional<std::uint32_t> parseNftGeneration(const NetlinkMessage& message);

/// Dumps of what is in a table of family inet: one message each, then NLMSG_DONE.
bool buildNftRuleDump(NetlinkBuilder& builder, std::string_view table, std::uint32_t sequence);
bool buildNftSetDump(NetlinkBuilder& builder, std::string_view table, std::uint32_t sequence);
bool buildNftElementDump(NetlinkBuilder& builder, std::string_view table, std::string_view set, std::uint32_t sequence);
/// The name of a set that such a dump tells of; empty for what is none.
std::string_view parseNftSetName(const NetlinkMessage& message);
/// A number that tells what a message of these dumps says from everything else, whatever the order of elements.
std::uint64_t digestNft(const NetlinkMessage& message);

}  // namespace aloft::wire
