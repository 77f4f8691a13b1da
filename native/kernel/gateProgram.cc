#include "kernel/gateProgram.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include <algorithm>
#include <cstddef>

#include "kernel/gate.h"
#include "kernel/gateWriter.h"

namespace aloft::kernel {
namespace {

using R = wire::EbpfRegister;
using Size = wire::EbpfSize;
using Label = wire::EbpfLabel;
using Operation = wire::EbpfOperation;
using Condition = wire::EbpfCondition;

static_assert(sizeof(GateAddressKey) == 20 && sizeof(GateMacKey) == 12 && sizeof(GateLinkValue) == 12);
static_assert(kGatePass == TC_ACT_UNSPEC && kGateDrop == TC_ACT_SHOT);

constexpr int kAnswerUntil = offsetof(GateSlot, answerUntil);
constexpr int kAcceptUntil = offsetof(GateSlot, acceptUntil);
constexpr int kConflictAt = offsetof(GateSlot, conflictAt);
constexpr int kConflictMac = offsetof(GateSlot, conflictMac);
constexpr int kConflictAddress = offsetof(GateSlot, conflictAddress);
constexpr int kConflicts = offsetof(GateSlot, conflicts);
constexpr int kDroppedQuestions = offsetof(GateSlot, droppedQuestions);
constexpr int kDroppedAnnouncements = offsetof(GateSlot, droppedAnnouncements);
constexpr int kDroppedPackets = offsetof(GateSlot, droppedPackets);

constexpr int kVlanIdentifier = 0x0fff;
constexpr std::uint8_t kTargetLinkLayer = 2;  // option of an NA
// ICMPv6 types of Neighbor Discovery, RFC 4861 §4.
constexpr std::uint8_t kFirstNdisc = 133;
constexpr std::uint8_t kLastNdisc = 137;
constexpr std::uint64_t kArpRequest = inMemory<std::uint64_t>({0, 1, 8, 0, 6, 4, 0, 1});
constexpr std::uint64_t kArpReply = inMemory<std::uint64_t>({0, 1, 8, 0, 6, 4, 0, 2});

std::int32_t networkOrder(std::uint16_t etherType) {
  return inMemory<std::uint16_t>({static_cast<std::uint8_t>(etherType >> 8), static_cast<std::uint8_t>(etherType)});
}

/// The packet into R6, its link into the key. Frames of a VLAN belong to the VLAN's own device; one with a priority only is the link's.
void writeStart(GateWriter& w) {
  const Label untagged = w.label();
  w.move(R::R6, R::R1);
  w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, vlan_present));
  w.jumpIf(Condition::Equal, R::R1, 0, untagged);
  w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, vlan_tci));
  w.jumpIf(Condition::AnyBit, R::R1, kVlanIdentifier, w.pass);
  w.bind(untagged);
  w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, ifindex));
  w.storeFrame(Size::Word, frame::kKey, R::R1);
}

/// R1 = the packet's protocol as it is in memory.
void loadProtocol(GateWriter& w) { w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, protocol)); }

/// The header of ARP for IPv4 over Ethernet, else passes. R9 = 1 for a request, 2 for a reply.
void readArpHeader(GateWriter& w) {
  const Label known = w.label();
  w.loadPacket(kNetworkAt, frame::kHeader, 8, w.pass);
  w.loadFrame(Size::Double, R::R1, frame::kHeader);
  w.set(R::R9, 1);
  w.set64(R::R2, kArpRequest);
  w.jumpIf(Condition::Equal, R::R1, R::R2, known);
  w.set(R::R9, 2);
  w.set64(R::R2, kArpReply);
  w.jumpIf(Condition::NotEqual, R::R1, R::R2, w.pass);
  w.bind(known);
}

/// Somebody says that R7's address, which is the key's, belongs to the MAC at `macAt`: records it in the slot unless the MAC is ours.
void recordClaim(GateWriter& w, int macAt) {
  const Label ours = w.label();
  w.loadFrame(Size::Word, R::R1, frame::kKey);
  w.storeFrame(Size::Word, frame::kMacKey, R::R1);
  w.setFrame(Size::Double, frame::kMac, 0);
  w.loadPacket(macAt, frame::kMac, 6, ours);
  w.look(w.maps.macs, frame::kMacKey);
  w.jumpIf(Condition::NotEqual, R::R0, 0, ours);
  w.findSlot(ours);
  // No time at first and the time at last: whoever reads it meanwhile sees that it is not whole.
  w.storeValue(Size::Double, R::R8, kConflictAt, 0);
  w.loadFrame(Size::Double, R::R1, frame::kMac);
  w.store(Size::Double, R::R8, kConflictMac, R::R1);
  for (const int half : {0, 8}) {
    w.loadFrame(Size::Double, R::R1, frame::kKeyAddress + half);
    w.store(Size::Double, R::R8, kConflictAddress + half, R::R1);
  }
  w.count(kConflicts);
  w.call(BPF_FUNC_ktime_get_ns);
  w.store(Size::Double, R::R8, kConflictAt, R::R0);
  w.bind(ours);
}

/// R7's slot decides whether its address may be asked for. Open: the kernel answers, or `answer` does.
void writeQuestion(GateWriter& w, Label answer) {
  const Label open = w.label();
  w.obey(kAnswerUntil, kDroppedQuestions, open);
  w.bind(open);
  w.load(Size::Word, R::R1, R::R7, offsetof(GateAddressValue, flags));
  w.jumpIf(Condition::AnyBit, R::R1, kGateAnswers, answer);
  w.jump(w.pass);
}

void writeArpIngress(GateWriter& w) {
  const Label question = w.label(), answer = w.label();
  readArpHeader(w);
  w.keyOfIPv4(kArpSenderAt, w.pass);
  w.loadFrame(Size::Word, R::R1, frame::kKeyAddress + 12);
  w.storeFrame(Size::Word, frame::kArpSender, R::R1);
  w.findAddress(question);
  recordClaim(w, kArpSenderMacAt);

  w.bind(question);
  w.jumpIf(Condition::NotEqual, R::R9, 1, w.pass);
  w.keyOfIPv4(kArpTargetAt, w.pass);
  // An announcement asks nothing, and a BACKUP needs its successor's or MASTER's: it may itself talk to the address.
  w.loadFrame(Size::Word, R::R1, frame::kKeyAddress + 12);
  w.loadFrame(Size::Word, R::R2, frame::kArpSender);
  w.jumpIf(Condition::Equal, R::R1, R::R2, w.pass);
  w.findAddress(w.pass);
  writeQuestion(w, answer);

  w.bind(answer);
  writeArpAnswer(w);
}

/// Type, code, checksum, flags and target behind the IPv6 header at frame::kHeader. Goes on when it is Neighbor Discovery from the link
/// itself.
void readNdisc(GateWriter& w, Label other) {
  w.loadFrame(Size::Byte, R::R1, frame::kHeader + 7);
  w.jumpIf(Condition::NotEqual, R::R1, kNdiscHopLimit, other);
  w.loadPacket(kIcmp6At, frame::kMessage, kMessageSize, other);
  w.loadFrame(Size::Byte, R::R1, frame::kMessage + 1);
  w.jumpIf(Condition::NotEqual, R::R1, 0, other);
}

/// An NA for R7's address speaks for the MAC in its option, or else for the frame's.
void recordAdvertised(GateWriter& w, Label done) {
  const Label byFrame = w.label();
  w.loadPacket(kIcmp6OptionAt, frame::kScratch, kOptionSize, byFrame);
  w.loadFrame(Size::Byte, R::R1, frame::kScratch);
  w.jumpIf(Condition::NotEqual, R::R1, kTargetLinkLayer, byFrame);
  recordClaim(w, kIcmp6OptionAt + 2);
  w.jump(done);
  w.bind(byFrame);
  recordClaim(w, kEthernetSourceAt);
  w.jump(done);
}

void writeIPv6Ingress(GateWriter& w, Label traffic) {
  const Label destination = w.label(), advertisement = w.label(), question = w.label(), answer = w.label(), neighbor = w.label();
  w.loadPacket(kNetworkAt, frame::kHeader, 40, w.pass);
  w.loadFrame(Size::Byte, R::R1, frame::kHeader + 6);
  w.jumpIf(Condition::NotEqual, R::R1, kIcmp6, destination);
  readNdisc(w, destination);
  w.loadFrame(Size::Byte, R::R1, frame::kMessage);
  w.jumpIf(Condition::Equal, R::R1, kAdvertisement, advertisement);
  w.jumpIf(Condition::NotEqual, R::R1, kSolicitation, destination);

  w.keyOfFrame(frame::kSource);
  w.findAddress(question);
  recordClaim(w, kEthernetSourceAt);
  w.bind(question);
  w.keyOfFrame(frame::kTarget);
  w.findAddress(neighbor);
  writeQuestion(w, answer);

  w.bind(advertisement);
  w.keyOfFrame(frame::kTarget);
  w.findAddress(neighbor);
  recordAdvertised(w, neighbor);

  // Not dropped where Accept_Mode is False (RFC 9568 §6.1), whose slot never takes traffic: to whoever answers for the destination.
  w.bind(neighbor);
  w.keyOfFrame(frame::kDestination);
  w.findAddress(w.pass);
  w.findSlot(w.pass);
  w.whenOpen(kAnswerUntil, w.pass);

  w.bind(destination);
  w.keyOfFrame(frame::kDestination);
  w.jump(traffic);

  w.bind(answer);
  writeNeighborAnswer(w);
}

void writeIngress(GateWriter& w) {
  const Label arp = w.label(), four = w.label(), six = w.label(), traffic = w.label();
  writeStart(w);
  // What is not for this host comes here when somebody listens to all, or is for a device on top of this one.
  w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, pkt_type));
  w.jumpIf(Condition::Equal, R::R1, PACKET_OTHERHOST, w.pass);
  loadProtocol(w);
  w.jumpIf(Condition::Equal, R::R1, networkOrder(ETH_P_IP), four);
  w.jumpIf(Condition::Equal, R::R1, networkOrder(ETH_P_IPV6), six);
  w.jumpIf(Condition::Equal, R::R1, networkOrder(ETH_P_ARP), arp);
  w.jump(w.pass);

  w.bind(four);
  w.keyOfIPv4(kNetworkAt + 16, w.pass);
  w.bind(traffic);
  w.findAddress(w.pass);
  w.obey(kAcceptUntil, kDroppedPackets, w.pass);

  w.bind(six);
  writeIPv6Ingress(w, traffic);
  w.bind(arp);
  writeArpIngress(w);
  w.end();
}

/// Drops what would tell others, while the slot is shut, that the key's address is here.
void writeAnnouncement(GateWriter& w, Label other) {
  w.findAddress(other);
  w.obey(kAnswerUntil, kDroppedAnnouncements, w.pass);
}

void writeIPv6Egress(GateWriter& w) {
  const Label target = w.label();
  // One byte decides for nearly all.
  w.loadPacket(kNetworkAt + 6, frame::kScratch, 1, w.pass);
  w.loadFrame(Size::Byte, R::R1, frame::kScratch);
  w.jumpIf(Condition::NotEqual, R::R1, kIcmp6, w.pass);
  w.loadPacket(kIcmp6At, frame::kScratch, 1, w.pass);
  w.loadFrame(Size::Byte, R::R9, frame::kScratch);
  w.jumpIf(Condition::Below, R::R9, kFirstNdisc, w.pass);
  w.jumpIf(Condition::Above, R::R9, kLastNdisc, w.pass);
  // Any such message may teach its source's MAC (RFC 4861 §7.2.3); the kernel takes a VIP as the source of an NS when it serves from it.
  w.keyOfIPv6(kNetworkAt + 8, w.pass);
  writeAnnouncement(w, target);
  w.bind(target);
  w.jumpIf(Condition::NotEqual, R::R9, kAdvertisement, w.pass);
  w.keyOfIPv6(kIcmp6TargetAt, w.pass);
  writeAnnouncement(w, w.pass);
}

/// The slot of the link itself.
void writeVirtualMac(GateWriter& w) {
  const Label open = w.label();
  w.look(w.maps.links, frame::kKey);
  w.jumpIf(Condition::Equal, R::R0, 0, open);
  w.load(Size::Word, R::R1, R::R0, offsetof(GateLinkValue, slot));
  w.storeFrame(Size::Word, frame::kSlotIndex, R::R1);
  w.look(w.maps.slots, frame::kSlotIndex);
  w.jumpIf(Condition::Equal, R::R0, 0, open);  // kNoGateSlot is beyond the array
  w.move(R::R8, R::R0);
  w.whenOpen(kAcceptUntil, open);
  w.whenOpen(kAnswerUntil, open);
  w.count(kDroppedAnnouncements);
  w.jump(w.drop);
  w.bind(open);
}

void writeEgress(GateWriter& w, bool virtualMac) {
  const Label six = w.label();
  writeStart(w);
  if (virtualMac) writeVirtualMac(w);
  loadProtocol(w);
  w.jumpIf(Condition::Equal, R::R1, networkOrder(ETH_P_IPV6), six);
  w.jumpIf(Condition::NotEqual, R::R1, networkOrder(ETH_P_ARP), w.pass);
  readArpHeader(w);
  w.keyOfIPv4(kArpSenderAt, w.pass);
  writeAnnouncement(w, w.pass);
  w.bind(six);
  writeIPv6Egress(w);
  w.end();
}

}  // namespace

std::vector<wire::EbpfInstruction> assembleGate(GateProgram program, const GateMaps& maps) {
  GateWriter writer(maps);
  if (program == GateProgram::Ingress) {
    writeIngress(writer);
  } else {
    writeEgress(writer, program == GateProgram::EgressOfVirtualMac);
  }
  return writer.finish().value_or(std::vector<wire::EbpfInstruction>{});
}

GateAddressKey gateKey(std::uint32_t ifindex, const wire::IpAddress& address) {
  GateAddressKey key{ifindex, {}};
  if (address.family == wire::Family::IPv4) key.address[10] = key.address[11] = 0xff;
  std::copy_n(address.bytes.begin(), address.size(), key.address + sizeof key.address - address.size());
  return key;
}

wire::IpAddress gateAddress(const GateAddressKey& key) {
  constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool four = std::equal(std::begin(kMapped), std::end(kMapped), key.address);
  wire::IpAddress address{four ? wire::Family::IPv4 : wire::Family::IPv6, {}};
  std::copy(key.address + sizeof key.address - address.size(), std::end(key.address), address.bytes.begin());
  return address;
}

}  // namespace aloft::kernel
