#include "kernel/gateWriter.h"

#include <linux/bpf.h>

#include "kernel/gate.h"

namespace aloft::kernel {
namespace {

using R = wire::EbpfRegister;
using Size = wire::EbpfSize;

}  // namespace

void GateWriter::end() {
  bind(pass);
  set(R::R0, kGatePass);
  exit();
  bind(drop);
  set(R::R0, kGateDrop);
  exit();
}

void GateWriter::pointTo(Register destination, int at) {
  move(destination, R::Frame);
  compute(Operation::Add, destination, at);
}

void GateWriter::loadPacket(int from, int to, int size, Label tooShort) {
  move(R::R1, R::R6);
  set(R::R2, from);
  pointTo(R::R3, to);
  set(R::R4, size);
  call(BPF_FUNC_skb_load_bytes);
  jumpIf(Condition::NotEqual, R::R0, 0, tooShort);
}

void GateWriter::storePacket(int to, Register base, int from, int size, int flags) {
  move(R::R1, R::R6);
  set(R::R2, to);
  move(R::R3, base);
  compute(Operation::Add, R::R3, from);
  set(R::R4, size);
  set(R::R5, flags);
  call(BPF_FUNC_skb_store_bytes);
}

void GateWriter::keyOfIPv4(int from, Label tooShort) {
  setFrame(Size::Double, frame::kKeyAddress, 0);
  setFrame(Size::Half, frame::kKeyAddress + 8, 0);
  setFrame(Size::Half, frame::kKeyAddress + 10, 0xffff);
  loadPacket(from, frame::kKeyAddress + 12, 4, tooShort);
}

void GateWriter::keyOfIPv6(int from, Label tooShort) { loadPacket(from, frame::kKeyAddress, 16, tooShort); }

void GateWriter::keyOfFrame(int from) {
  for (const int half : {0, 8}) {
    loadFrame(Size::Double, R::R1, from + half);
    storeFrame(Size::Double, frame::kKeyAddress + half, R::R1);
  }
}

void GateWriter::look(int map, int key) {
  loadMap(R::R1, map);
  pointTo(R::R2, key);
  call(BPF_FUNC_map_lookup_elem);
}

void GateWriter::findAddress(Label missing) {
  look(maps.addresses, frame::kKey);
  jumpIf(Condition::Equal, R::R0, 0, missing);
  move(R::R7, R::R0);
}

void GateWriter::findSlot(Label missing) {
  load(Size::Word, R::R1, R::R7, offsetof(GateAddressValue, slot));
  storeFrame(Size::Word, frame::kSlotIndex, R::R1);
  look(maps.slots, frame::kSlotIndex);
  jumpIf(Condition::Equal, R::R0, 0, missing);
  move(R::R8, R::R0);
}

void GateWriter::whenOpen(int deadline, Label open) {
  const Label shut = label();
  load(Size::Double, R::R9, R::R8, deadline);
  jumpIf(Condition::Equal, R::R9, -1, open);
  jumpIf(Condition::Equal, R::R9, 0, shut);
  call(BPF_FUNC_ktime_get_ns);
  jumpIf(Condition::Below, R::R0, R::R9, open);
  bind(shut);
}

void GateWriter::count(int counter) {
  set(R::R1, 1);
  addAtomically(Size::Word, R::R8, counter, R::R1);
}

void GateWriter::obey(int deadline, int counter, Label open) {
  findSlot(pass);
  whenOpen(deadline, open);
  count(counter);
  jump(drop);
}

void GateWriter::fold() {
  move32(R::R1, R::R0);
  for (int i = 0; i < 2; ++i) {
    move(R::R2, R::R1);
    compute(Operation::ShiftRight, R::R2, 16);
    compute(Operation::And, R::R1, 0xffff);
    compute(Operation::Add, R::R1, R::R2);
  }
}

}  // namespace aloft::kernel
