// What stands in the table: pure.

#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "kernel/natTable.h"
#include "wire/bytes.h"
#include "wire/nftables.h"

namespace aloft::kernel {
namespace {

using wire::Family;
using wire::IpAddress;
using wire::NftBuilder;
using wire::NftType;

/// Where nat rules of prerouting and output, and those of postrouting, usually stand: NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC.
constexpr std::int32_t kDestinationPriority = -100;
constexpr std::int32_t kSourcePriority = 100;

/// Of one message, whose list of elements is an attribute of at most 64 KiB.
constexpr std::size_t kElementsAtOnce = 512;
/// More than all messages without elements take.
constexpr std::size_t kRoomForRule = 1024;

constexpr const char* kChains[] = {"prerouting", "output"};

/// Words of 4 bytes, one register each.
struct Words {
  std::array<std::uint8_t, 48> bytes{};
  std::size_t size = 0;

  Words& add(std::span<const std::uint8_t> part) {
    wire::storeBytes(bytes, size, part);
    size += (part.size() + 3) / 4 * 4;
    return *this;
  }
  Words& add(const IpAddress& address) { return add(address.view()); }
  Words& addPort(std::uint16_t port) {
    wire::store16(bytes, size, port);
    size += 4;
    return *this;
  }
  /// In host order, as the kernel counts.
  Words& addNumber(std::uint32_t number) {
    std::array<std::uint8_t, 4> part;
    std::memcpy(part.data(), &number, sizeof number);
    return add(part);
  }
  Words& add(const NatKey& key) { return add(key.address).add(std::array<std::uint8_t, 1>{key.protocol}).addPort(key.port); }
  std::span<const std::uint8_t> view() const { return std::span(bytes).first(size); }
};

/// How headers of a family are laid out, and the registers that its addresses take.
struct Layout {
  const char* suffix;
  std::uint8_t protocolFamily;
  unsigned registers;
  std::uint32_t source;
  std::uint32_t destination;
  NftType type;
  std::uint32_t originalAddress;
};

constexpr Layout kLayouts[] = {
    {"4", wire::kNftIPv4, 1, 12, 16, NftType::IPv4Address, wire::kNftOriginalAddress},
    {"6", wire::kNftIPv6, 4, 8, 24, NftType::IPv6Address, wire::kNftOriginalAddress6},
};

const Layout& layoutOf(Family family) { return kLayouts[family == Family::IPv4 ? 0 : 1]; }

std::uint32_t sizeOf(const Layout& layout) { return layout.registers * 4; }

/// What is looked up ends well below this register.
constexpr unsigned kResult = 8;

/// Services with as many targets, of one family, in one map.
struct Group {
  Family family;
  std::size_t count;
  bool byClient;
  friend auto operator<=>(const Group&, const Group&) = default;

  std::string name() const { return std::string(byClient ? "clients" : "targets") + layoutOf(family).suffix + "-" + std::to_string(count); }
};

using Groups = std::map<Group, std::vector<const NatTranslation*>>;

Groups groupsOf(const std::vector<NatTranslation>& translations) {
  Groups groups;
  for (const NatTranslation& translation : translations) {
    const std::size_t count = translation.targets.size();
    if (count > 0) groups[{translation.key.address.family, count, translation.byClient && count > 1}].push_back(&translation);
  }
  return groups;
}

class Program {
 public:
  explicit Program(const NatRules& rules)
      : groups_(groupsOf(rules.translations)), buffer_(roomFor(rules, groups_.size())), builder_(buffer_, kNatTableName, 1) {
    for (const NatKey& key : rules.masqueraded) masqueraded_[key.address.family].insert(key);
    for (const NatTranslation& translation : rules.translations) {
      for (const NatTarget& target : translation.targets) pods_[target.address.family].insert(target.address);
    }
  }

  std::vector<std::uint8_t> build() {
    builder_.beginBatch();
    // Its removal needs a table that stands.
    builder_.addTable();
    builder_.removeTable(false);
    builder_.addTable();
    for (const char* chain : kChains) addTranslations(chain);
    builder_.addNatChain("postrouting", wire::NftHook::Postrouting, kSourcePriority);
    for (const auto& [family, keys] : masqueraded_) addMasquerading(layoutOf(family), keys);
    for (const auto& [family, pods] : pods_) addHairpins(layoutOf(family), pods);
    builder_.addTable(true);
    builder_.endBatch();
    const auto bytes = builder_.bytes();
    return {bytes.begin(), bytes.end()};
  }

 private:
  static std::size_t roomFor(const NatRules& rules, std::size_t groups) {
    std::size_t elements = rules.masqueraded.size();
    for (const NatTranslation& translation : rules.translations) elements += 2 * translation.targets.size();
    const std::size_t messages = 32 + 4 * groups + elements / kElementsAtOnce;
    return elements * wire::kMaxNftElement + messages * kRoomForRule;
  }

  void addTranslations(const char* chain) {
    const bool isFirst = chain == kChains[0];
    builder_.addNatChain(chain, isFirst ? wire::NftHook::Prerouting : wire::NftHook::Output, kDestinationPriority);
    builder_.beginRule(chain);
    builder_.isForThisNode(0);
    builder_.accept();
    builder_.endRule();
    for (const auto& [group, translations] : groups_) {
      if (isFirst) addMap(group, translations);
      addTranslation(chain, group);
    }
  }

  void addMap(const Group& group, const std::vector<const NatTranslation*>& translations) {
    const Layout& layout = layoutOf(group.family);
    const std::string name = group.name();
    const auto size = static_cast<std::uint32_t>(group.count * translations.size());
    const auto keyType = wire::concatenated({layout.type, NftType::Protocol, NftType::Port, NftType::Mark});
    const auto dataType = wire::concatenated({layout.type, NftType::Port});
    builder_.addSet({name, ++sets_, keyType, sizeOf(layout) + 12, dataType, sizeOf(layout) + 4, size});
    Elements elements(builder_, name);
    for (const NatTranslation* translation : translations) {
      std::uint32_t number = 0;
      for (const NatTarget& target : translation->targets) {
        elements.add(Words().add(translation->key).addNumber(number++).view(), Words().add(target.address).addPort(target.port).view());
      }
    }
  }

  void addTranslation(const char* chain, const Group& group) {
    const Layout& layout = layoutOf(group.family);
    const unsigned afterAddress = layout.registers;
    const auto count = static_cast<std::uint32_t>(group.count);
    builder_.beginRule(chain);
    builder_.isFamily(layout.protocolFamily, 0);
    builder_.loadPayload(NftBuilder::Base::Network, layout.destination, sizeOf(layout), 0);
    builder_.loadProtocol(afterAddress);
    builder_.loadPayload(NftBuilder::Base::Transport, 2, 2, afterAddress + 1);
    if (group.byClient) {
      builder_.loadPayload(NftBuilder::Base::Network, layout.source, sizeOf(layout), kResult);
      builder_.loadHash(kResult, sizeOf(layout), count, afterAddress + 2);
    } else {
      builder_.loadRandom(count, afterAddress + 2);
    }
    builder_.lookUp(group.name(), 0, kResult);
    builder_.translateDestination(layout.protocolFamily, kResult, kResult + layout.registers);
    builder_.endRule();
  }

  void addMasquerading(const Layout& layout, const std::set<NatKey>& keys) {
    const std::string name = std::string("masqueraded") + layout.suffix;
    const auto type = wire::concatenated({layout.type, NftType::Protocol, NftType::Port});
    builder_.addSet({name, ++sets_, type, sizeOf(layout) + 8, 0, 0, static_cast<std::uint32_t>(keys.size())});
    Elements elements(builder_, name);
    for (const NatKey& key : keys) elements.add(Words().add(key).view(), {});
    elements.end();
    builder_.beginRule("postrouting");
    builder_.isFamily(layout.protocolFamily, 0);
    builder_.loadOriginal(layout.originalAddress, 0);
    builder_.loadProtocol(layout.registers);
    builder_.loadOriginal(wire::kNftOriginalPort, layout.registers + 1);
    builder_.isIn(name, 0);
    builder_.masquerade();
    builder_.endRule();
  }

  /// A pod that is translated to itself would take its own address for a forgery.
  void addHairpins(const Layout& layout, const std::set<IpAddress>& pods) {
    const std::string name = std::string("hairpins") + layout.suffix;
    const auto type = wire::concatenated({layout.type, layout.type});
    builder_.addSet({name, ++sets_, type, 2 * sizeOf(layout), 0, 0, static_cast<std::uint32_t>(pods.size())});
    Elements elements(builder_, name);
    for (const IpAddress& pod : pods) elements.add(Words().add(pod).add(pod).view(), {});
    elements.end();
    builder_.beginRule("postrouting");
    builder_.isFamily(layout.protocolFamily, 0);
    builder_.loadPayload(NftBuilder::Base::Network, layout.source, sizeOf(layout), 0);
    builder_.loadPayload(NftBuilder::Base::Network, layout.destination, sizeOf(layout), layout.registers);
    builder_.isIn(name, 0);
    builder_.masquerade();
    builder_.endRule();
  }

  /// Of one set, in as many messages as it takes.
  class Elements {
   public:
    Elements(NftBuilder& builder, std::string_view set) : builder_(builder), set_(set) {}
    ~Elements() { end(); }

    void add(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
      if (count_ == 0) builder_.beginElements(set_);
      builder_.element(key, data);
      if (++count_ == kElementsAtOnce) end();
    }
    void end() {
      if (count_ > 0) builder_.endElements();
      count_ = 0;
    }

   private:
    NftBuilder& builder_;
    std::string_view set_;
    std::size_t count_ = 0;
  };

  const Groups groups_;
  std::map<Family, std::set<NatKey>> masqueraded_;
  std::map<Family, std::set<IpAddress>> pods_;
  std::vector<std::uint8_t> buffer_;
  NftBuilder builder_;
  std::uint32_t sets_ = 0;
};

}  // namespace

std::vector<std::uint8_t> buildNatTable(const NatRules& rules) { return Program(rules).build(); }

}  // namespace aloft::kernel
