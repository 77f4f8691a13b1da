#pragma once
// bpf(2): maps and programs. Each call needs CAP_BPF (and CAP_NET_ADMIN for programs of traffic control), or CAP_SYS_ADMIN.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "os/fd.h"
#include "os/result.h"
#include "wire/ebpf.h"

namespace aloft::os {

struct BpfMapLayout {
  const char* name = "";  ///< at most 15 characters, shown by bpftool
  std::uint32_t keySize = 0;
  std::uint32_t valueSize = 0;
  std::uint32_t capacity = 0;
};

/// The memory for all entries is taken at once: later the kernel might have none at hand just then (ENOMEM, seen from Linux 6.1 on).
Result<Fd> createBpfHash(const BpfMapLayout& layout);
/// Can be mapped into memory; keys are indices, values are zero at first.
Result<Fd> createBpfArray(const BpfMapLayout& layout);

/// Keys and values of a hash as they are in memory, without gaps. E2BIG beyond its capacity; then some of them are set.
Status setInBpfMap(int fd, const void* keys, const void* values, std::size_t count);
/// Keys that are not there are no error.
Status removeFromBpfMap(int fd, const void* keys, std::size_t keySize, std::size_t count);
/// Reads all entries of a hash into room for as many as it can have. Returns how many there were.
Result<std::size_t> readBpfMap(int fd, void* keys, void* values, std::size_t capacity);

/// A hash whose keys and values are plain structs without padding.
template <typename Key, typename Value>
requires std::has_unique_object_representations_v<Key> && std::has_unique_object_representations_v<Value>
class BpfHash {
 public:
  static Result<BpfHash> create(const char* name, std::uint32_t capacity) {
    Result<Fd> fd = createBpfHash({name, sizeof(Key), sizeof(Value), capacity});
    if (!fd.ok()) return fd.error();
    return BpfHash(std::move(fd.value()), capacity);
  }

  int fd() const { return fd_.get(); }
  /// As many values as keys.
  Status set(std::span<const Key> keys, std::span<const Value> values) const {
    return setInBpfMap(fd_.get(), keys.data(), values.data(), keys.size());
  }
  Status set(const Key& key, const Value& value) const { return set({&key, 1}, {&value, 1}); }
  Status remove(std::span<const Key> keys) const { return removeFromBpfMap(fd_.get(), keys.data(), sizeof(Key), keys.size()); }
  Result<std::vector<Key>> keys() const {
    std::vector<Key> keys(capacity_);
    std::vector<Value> values(capacity_);
    const Result<std::size_t> count = readBpfMap(fd_.get(), keys.data(), values.data(), capacity_);
    if (!count.ok()) return count.error();
    keys.resize(count.value());
    return keys;
  }

 private:
  BpfHash(Fd fd, std::uint32_t capacity) : fd_(std::move(fd)), capacity_(capacity) {}
  Fd fd_;
  std::size_t capacity_;
};

/// An array in the memory of the process and of the kernel at once. Lives in the kernel as long as a program uses it.
class BpfArray {
 public:
  /// `layout.keySize` plays no part.
  static Result<BpfArray> create(BpfMapLayout layout);
  BpfArray(BpfArray&& other) noexcept;
  BpfArray& operator=(BpfArray&&) = delete;
  ~BpfArray();

  int fd() const { return fd_.get(); }
  void* data() const { return data_; }

 private:
  BpfArray(Fd fd, void* data, std::size_t size) : fd_(std::move(fd)), data_(data), size_(size) {}
  Fd fd_;
  void* data_;
  std::size_t size_;
};

/// A program for traffic control (BPF_PROG_TYPE_SCHED_CLS). `name` as of a map. When the kernel refuses it, its words go to `log`.
Result<Fd> loadBpfFilter(const char* name, const char* license, std::span<const wire::EbpfInstruction> program, std::string* log);
/// The kernel's number for a loaded program.
Result<std::uint32_t> bpfProgramId(int fd);

}  // namespace aloft::os
