#include "os/bpf.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace aloft::os {
namespace {

static_assert(sizeof(wire::EbpfInstruction) == sizeof(bpf_insn));
static_assert(offsetof(wire::EbpfInstruction, immediate) == offsetof(bpf_insn, imm));

constexpr std::size_t kLogSize = 256 << 10;

int call(bpf_cmd command, bpf_attr& attributes) { return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes)); }

std::uint64_t pointer(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }

template <std::size_t Size>
void setName(char (&field)[Size], const char* name) {
  std::memcpy(field, name, std::min(std::strlen(name), Size - 1));
}

/// Before Linux 5.11 maps and programs count as locked memory, of which a container may have 64 KiB.
void raiseLockedMemoryLimit() {
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0) return;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_MEMLOCK, &limit);
}

Result<Fd> create(bpf_map_type type, std::uint32_t flags, const BpfMapLayout& layout) {
  bpf_attr attributes{};
  attributes.map_type = type;
  attributes.key_size = layout.keySize;
  attributes.value_size = layout.valueSize;
  attributes.max_entries = layout.capacity;
  attributes.map_flags = flags;
  setName(attributes.map_name, layout.name);
  Fd fd(call(BPF_MAP_CREATE, attributes));
  if (!fd.valid() && errno == EPERM) {
    raiseLockedMemoryLimit();
    fd = Fd(call(BPF_MAP_CREATE, attributes));
  }
  if (!fd.valid()) return lastError("create BPF map");
  return fd;
}

Result<Fd> load(bpf_attr& attributes) {
  Fd fd(call(BPF_PROG_LOAD, attributes));
  if (!fd.valid()) return lastError("load BPF program");
  return fd;
}

}  // namespace

Result<Fd> createBpfHash(const BpfMapLayout& layout) { return create(BPF_MAP_TYPE_HASH, 0, layout); }

Result<Fd> createBpfArray(const BpfMapLayout& layout) { return create(BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, layout); }

Status setInBpfMap(int fd, const void* keys, const void* values, std::size_t count) {
  if (count == 0) return {};
  bpf_attr attributes{};
  attributes.batch.map_fd = static_cast<std::uint32_t>(fd);
  attributes.batch.keys = pointer(keys);
  attributes.batch.values = pointer(values);
  attributes.batch.count = static_cast<std::uint32_t>(count);
  if (call(BPF_MAP_UPDATE_BATCH, attributes) != 0) return lastError("update BPF map");
  return {};
}

Status removeFromBpfMap(int fd, const void* keys, std::size_t keySize, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    bpf_attr attributes{};
    attributes.batch.map_fd = static_cast<std::uint32_t>(fd);
    attributes.batch.keys = pointer(static_cast<const std::uint8_t*>(keys) + done * keySize);
    attributes.batch.count = static_cast<std::uint32_t>(count - done);
    if (call(BPF_MAP_DELETE_BATCH, attributes) == 0) return {};
    if (errno != ENOENT) return lastError("delete from BPF map");
    done += attributes.batch.count + 1;  // the batch ends at a key that is not there
  }
  return {};
}

Result<std::size_t> readBpfMap(int fd, void* keys, void* values, std::size_t capacity) {
  bpf_attr attributes{};
  std::uint32_t position = 0;  // where the next batch would begin; there is none
  attributes.batch.map_fd = static_cast<std::uint32_t>(fd);
  attributes.batch.out_batch = pointer(&position);
  attributes.batch.keys = pointer(keys);
  attributes.batch.values = pointer(values);
  attributes.batch.count = static_cast<std::uint32_t>(capacity);
  // ENOENT says that this was all.
  if (call(BPF_MAP_LOOKUP_BATCH, attributes) != 0 && errno != ENOENT) return lastError("read BPF map");
  return std::size_t{attributes.batch.count};
}

Result<BpfArray> BpfArray::create(BpfMapLayout layout) {
  layout.keySize = sizeof(std::uint32_t);
  Result<Fd> fd = createBpfArray(layout);
  if (!fd.ok()) return fd.error();
  const std::size_t size = std::size_t{layout.valueSize} * layout.capacity;
  void* const data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.value().get(), 0);
  if (data == MAP_FAILED) return lastError("map BPF array into memory");
  return BpfArray(std::move(fd.value()), data, size);
}

BpfArray::BpfArray(BpfArray&& other) noexcept : fd_(std::move(other.fd_)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

BpfArray::~BpfArray() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<Fd> loadBpfFilter(const char* name, const char* license, std::span<const wire::EbpfInstruction> program, std::string* log) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  attributes.insns = pointer(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = pointer(license);
  setName(attributes.prog_name, name);
  Result<Fd> fd = load(attributes);
  if (fd.ok() || log == nullptr) return fd;
  // Asked for only now: the log costs the verifier more than its work.
  log->assign(kLogSize, '\0');
  attributes.log_buf = pointer(log->data());
  attributes.log_size = static_cast<std::uint32_t>(log->size());
  attributes.log_level = 1;
  fd = load(attributes);
  log->resize(std::strlen(log->c_str()));
  return fd;
}

Result<std::uint32_t> bpfProgramId(int fd) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(fd);
  attributes.info.info = pointer(&info);
  attributes.info.info_len = sizeof info;
  if (call(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return lastError("read the id of a BPF program");
  return info.id;
}

}  // namespace aloft::os
