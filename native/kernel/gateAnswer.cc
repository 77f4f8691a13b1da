// Answers made of the questions themselves, and sent back where they came from.

#include <linux/bpf.h>

#include <array>

#include "kernel/gateWriter.h"

namespace aloft::kernel {
namespace {

using R = wire::EbpfRegister;
using Size = wire::EbpfSize;
using Label = wire::EbpfLabel;
using Operation = wire::EbpfOperation;
using Condition = wire::EbpfCondition;

constexpr int kLinkMac = offsetof(GateLinkValue, mac);
constexpr std::uint8_t kSourceLinkLayer = 1;  // option of an NS
constexpr std::uint8_t kTargetLinkLayer = 2;  // option of an NA
constexpr std::uint8_t kRouterOverride = 0xa0;
constexpr std::uint8_t kRouterSolicitedOverride = 0xe0;
constexpr int kAdvertisementSize = kMessageSize + kOptionSize;

/// R7 = the link. Without a tag: one that came with a priority only has no business in the answer.
void writePreparation(GateWriter& w) {
  const Label untagged = w.label();
  w.look(w.maps.links, frame::kKey);
  w.jumpIf(Condition::Equal, R::R0, 0, w.pass);
  w.move(R::R7, R::R0);
  w.load(Size::Word, R::R1, R::R6, offsetof(__sk_buff, vlan_present));
  w.jumpIf(Condition::Equal, R::R1, 0, untagged);
  w.move(R::R1, R::R6);
  w.call(BPF_FUNC_skb_vlan_pop);
  w.bind(untagged);
}

/// To the MAC at frame::kScratch, from the link's; out by the link, and the end.
void writeSending(GateWriter& w) {
  w.storePacket(0, R::Frame, frame::kScratch, 6, 0);
  w.storePacket(kEthernetSourceAt, R::R7, kLinkMac, 6, 0);
  w.loadFrame(Size::Word, R::R1, frame::kKey);
  w.set(R::R2, 0);
  w.call(BPF_FUNC_redirect);
  w.exit();
}

/// RFC 4861 §7.1.1 for an NS from the unspecified address: to the solicited-node address of the target. Sets frame::kFromNowhere.
void checkSource(GateWriter& w) {
  const Label somewhere = w.label();
  w.setFrame(Size::Word, frame::kFromNowhere, 0);
  w.loadFrame(Size::Double, R::R1, frame::kSource);
  w.loadFrame(Size::Double, R::R2, frame::kSource + 8);
  w.compute(Operation::Or, R::R1, R::R2);
  w.jumpIf(Condition::NotEqual, R::R1, 0, somewhere);
  w.setFrame(Size::Word, frame::kFromNowhere, 1);
  w.loadFrame(Size::Double, R::R1, frame::kDestination);
  w.set64(R::R2, inMemory<std::uint64_t>({0xff, 2, 0, 0, 0, 0, 0, 0}));
  w.jumpIf(Condition::NotEqual, R::R1, R::R2, w.pass);
  w.loadFrame(Size::Double, R::R1, frame::kTarget + 8);
  w.set64(R::R2, inMemory<std::uint64_t>({0, 0, 0, 0, 0, 0xff, 0xff, 0xff}));
  w.compute(Operation::And, R::R1, R::R2);
  w.set64(R::R2, inMemory<std::uint64_t>({0, 0, 0, 1, 0xff, 0, 0, 0}));
  w.compute(Operation::Or, R::R1, R::R2);
  w.loadFrame(Size::Double, R::R2, frame::kDestination + 8);
  w.jumpIf(Condition::NotEqual, R::R1, R::R2, w.pass);
  w.bind(somewhere);
}

/// R0 = the sum over the pseudo-header, then over the message; R9: its size, a multiple of 8, or `size` when that is not 0.
void sum(GateWriter& w, int size) {
  w.set(R::R1, 0);
  w.set(R::R2, 0);
  w.pointTo(R::R3, frame::kSource);
  w.set(R::R4, frame::kPseudoTail + 8 - frame::kSource);
  w.set(R::R5, 0);
  w.call(BPF_FUNC_csum_diff);
  w.move(R::R5, R::R0);
  w.set(R::R1, 0);
  w.set(R::R2, 0);
  w.pointTo(R::R3, frame::kMessage);
  if (size != 0) {
    w.set(R::R4, size);
  } else {
    w.move(R::R4, R::R9);
  }
  w.call(BPF_FUNC_csum_diff);
}

/// The whole message to frame::kMessage, R9 = its size. What is longer than that is left to the kernel, as is what has a wrong checksum.
void readMessage(GateWriter& w) {
  w.loadFrame(Size::Half, R::R9, frame::kHeader + 4);
  w.swapToBigEndian(R::R9, 16);
  // Before the bounds, which the verifier forgets when it looks at bits.
  w.jumpIf(Condition::AnyBit, R::R9, 7, w.pass);
  w.jumpIf(Condition::Below, R::R9, kMessageSize, w.pass);
  w.jumpIf(Condition::Above, R::R9, frame::kMaxMessage, w.pass);
  for (int at = 0; at < frame::kMaxMessage; at += 8) w.setFrame(Size::Double, frame::kMessage + at, 0);
  w.move(R::R1, R::R6);
  w.set(R::R2, kIcmp6At);
  w.pointTo(R::R3, frame::kMessage);
  w.move(R::R4, R::R9);
  w.call(BPF_FUNC_skb_load_bytes);
  w.jumpIf(Condition::NotEqual, R::R0, 0, w.pass);

  w.move(R::R1, R::R9);
  w.compute(Operation::ShiftLeft, R::R1, 32);
  w.compute(Operation::Or, R::R1, kIcmp6);
  w.swapToBigEndian(R::R1, 64);
  w.storeFrame(Size::Double, frame::kPseudoTail, R::R1);
  sum(w, 0);
  w.fold();
  w.jumpIf(Condition::NotEqual, R::R1, 0xffff, w.pass);
}

/// RFC 4861 §7.1.1: each option has a length (without one this gets nowhere), the last one ends with the message, and from nowhere comes no
/// link-layer address. Loses R8.
void checkOptions(GateWriter& w) {
  const Label done = w.label();
  w.set(R::R8, kMessageSize);
  for (int at = kMessageSize; at < frame::kMaxMessage; at += kOptionSize) {
    const Label next = w.label();
    w.jumpIf(Condition::AtLeast, R::R8, R::R9, done);
    w.move(R::R1, R::R6);
    w.move(R::R2, R::R8);
    w.compute(Operation::Add, R::R2, kIcmp6At);
    w.pointTo(R::R3, frame::kScratch);
    w.set(R::R4, 2);
    w.call(BPF_FUNC_skb_load_bytes);
    w.jumpIf(Condition::NotEqual, R::R0, 0, w.pass);
    w.loadFrame(Size::Byte, R::R1, frame::kScratch + 1);
    w.compute(Operation::ShiftLeft, R::R1, 3);
    w.compute(Operation::Add, R::R8, R::R1);
    w.loadFrame(Size::Byte, R::R1, frame::kScratch);
    w.jumpIf(Condition::NotEqual, R::R1, kSourceLinkLayer, next);
    w.loadFrame(Size::Word, R::R1, frame::kFromNowhere);
    w.jumpIf(Condition::NotEqual, R::R1, 0, w.pass);
    w.bind(next);
  }
  w.bind(done);
  w.jumpIf(Condition::NotEqual, R::R8, R::R9, w.pass);
}

void putConstant(GateWriter& w, int at, std::array<std::uint8_t, 8> bytes) {
  w.set64(R::R1, inMemory<std::uint64_t>(bytes));
  w.storeFrame(Size::Double, at, R::R1);
}

/// The header and the message's beginning. To who asked, or, after a question from nowhere, to all nodes (RFC 4861 §7.2.4).
/// frame::kScratch = the MAC.
void composeHeader(GateWriter& w) {
  const Label fromNowhere = w.label(), addressed = w.label();
  w.loadPacket(kEthernetSourceAt, frame::kScratch, 6, w.drop);
  w.loadFrame(Size::Word, R::R1, frame::kFromNowhere);
  w.jumpIf(Condition::NotEqual, R::R1, 0, fromNowhere);
  putConstant(w, frame::kMessage, {kAdvertisement, 0, 0, 0, kRouterSolicitedOverride, 0, 0, 0});
  w.loadFrame(Size::Double, R::R1, frame::kSource);
  w.loadFrame(Size::Double, R::R2, frame::kSource + 8);
  w.jump(addressed);
  w.bind(fromNowhere);
  putConstant(w, frame::kMessage, {kAdvertisement, 0, 0, 0, kRouterOverride, 0, 0, 0});
  putConstant(w, frame::kScratch, {0x33, 0x33, 0, 0, 0, 1, 0, 0});
  w.set64(R::R1, inMemory<std::uint64_t>({0xff, 2, 0, 0, 0, 0, 0, 0}));
  w.set64(R::R2, inMemory<std::uint64_t>({0, 0, 0, 0, 0, 0, 0, 1}));
  w.bind(addressed);
  w.storeFrame(Size::Double, frame::kDestination, R::R1);
  w.storeFrame(Size::Double, frame::kDestination + 8, R::R2);
  for (const int half : {0, 8}) {
    w.loadFrame(Size::Double, R::R1, frame::kTarget + half);
    w.storeFrame(Size::Double, frame::kSource + half, R::R1);
  }
  putConstant(w, frame::kHeader, {0x60, 0, 0, 0, 0, kAdvertisementSize, kIcmp6, kNdiscHopLimit});
}

/// The rest of the message; its checksum apart, at frame::kChecksum.
void composeMessage(GateWriter& w) {
  for (const int part : {0, 2, 4}) {
    w.load(Size::Half, R::R1, R::R7, kLinkMac + part);
    w.storeFrame(Size::Half, frame::kMessage + kMessageSize + 2 + part, R::R1);
  }
  w.setFrame(Size::Half, frame::kMessage + kMessageSize, inMemory<std::int16_t>({kTargetLinkLayer, 1}));
  putConstant(w, frame::kPseudoTail, {0, 0, 0, kAdvertisementSize, 0, 0, 0, kIcmp6});
  sum(w, kAdvertisementSize);
  w.fold();
  w.compute(Operation::ExclusiveOr, R::R1, 0xffff);
  w.storeFrame(Size::Half, frame::kChecksum, R::R1);
}

}  // namespace

void writeArpAnswer(GateWriter& w) {
  constexpr int kOperationAt = kNetworkAt + 6;
  constexpr int kTargetMacAt = kNetworkAt + 18;
  writePreparation(w);
  w.loadPacket(kArpSenderMacAt, frame::kScratch, 10, w.drop);  // MAC and address of who asks
  // The farthest part first: when that can be written, so can be the others.
  w.storePacket(kTargetMacAt, R::Frame, frame::kScratch, 10, BPF_F_RECOMPUTE_CSUM);
  w.jumpIf(Condition::NotEqual, R::R0, 0, w.drop);
  w.storePacket(kArpSenderAt, R::Frame, frame::kKeyAddress + 12, 4, BPF_F_RECOMPUTE_CSUM);
  w.storePacket(kArpSenderMacAt, R::R7, kLinkMac, 6, BPF_F_RECOMPUTE_CSUM);
  w.setFrame(Size::Half, frame::kHeader, inMemory<std::int16_t>({0, 2}));
  w.storePacket(kOperationAt, R::Frame, frame::kHeader, 2, BPF_F_RECOMPUTE_CSUM);
  writeSending(w);
}

void writeNeighborAnswer(GateWriter& w) {
  checkSource(w);
  readMessage(w);
  checkOptions(w);
  writePreparation(w);
  composeHeader(w);
  composeMessage(w);
  w.move(R::R1, R::R6);
  w.set(R::R2, kIcmp6At + kAdvertisementSize);
  w.set(R::R3, 0);
  w.call(BPF_FUNC_skb_change_tail);
  w.jumpIf(Condition::NotEqual, R::R0, 0, w.drop);
  w.storePacket(kIcmp6At, R::Frame, frame::kMessage, kAdvertisementSize, BPF_F_RECOMPUTE_CSUM);
  w.jumpIf(Condition::NotEqual, R::R0, 0, w.drop);
  w.storePacket(kIcmp6At + 2, R::Frame, frame::kChecksum, 2, BPF_F_RECOMPUTE_CSUM);
  w.storePacket(kNetworkAt, R::Frame, frame::kHeader, 40, BPF_F_RECOMPUTE_CSUM);
  writeSending(w);
}

}  // namespace aloft::kernel
