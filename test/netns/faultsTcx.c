// Puts a program of tcx before all others on a link, in both directions, that accepts every packet itself, as those of some networks for
// containers do. Says so, and takes it off when it ends. Usage: faultsTcx IFINDEX
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/bpf.h of Linux 6.6, which is newer than the headers that this may be compiled with.
enum { TCX_INGRESS = 46, TCX_EGRESS = 47, BEFORE = 1 << 3 };

struct load {
  uint32_t type, count;
  uint64_t instructions, license;
};
struct create {
  uint32_t program, ifindex, type, flags, relative, padding;
  uint64_t revision;
};

int main(int count, char** arguments) {
  const struct bpf_insn accept[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0}, {.code = BPF_JMP | BPF_EXIT}};
  const struct load load = {BPF_PROG_TYPE_SCHED_CLS, 2, (uintptr_t)accept, (uintptr_t) "Apache-2.0"};
  const long program = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  const uint32_t types[] = {TCX_INGRESS, TCX_EGRESS};
  for (int i = 0; i < 2; ++i) {
    const struct create create = {(uint32_t)program, count > 1 ? (uint32_t)atoi(arguments[1]) : 0, types[i], BEFORE, 0, 0, 0};
    if (syscall(SYS_bpf, BPF_LINK_CREATE, &create, sizeof create) < 0) {
      perror("attach");
      return 1;
    }
  }
  puts("attached");
  fflush(stdout);
  pause();
}
