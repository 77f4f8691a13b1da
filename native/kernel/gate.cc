#include "kernel/gate.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "kernel/filterClient.h"
#include "kernel/gateFilters.h"
#include "kernel/gateProgram.h"
#include "os/bpf.h"

namespace aloft::kernel {
namespace {

/// Links and MACs: a few for each link.
constexpr std::uint32_t kMaxLinks = 4096;
constexpr std::uint32_t kMaxMacs = 8192;
constexpr char kLicense[] = "Apache-2.0";
constexpr int kReadAttempts = 8;

struct Program {
  os::Fd fd;
  std::uint32_t id = 0;

  LoadedProgram loaded() const { return {fd.get(), id}; }
};

os::Result<Program> loadProgram(const char* name, GateProgram kind, const GateMaps& maps, std::string* log) {
  os::Result<os::Fd> fd = os::loadBpfFilter(name, kLicense, assembleGate(kind, maps), log);
  if (!fd.ok()) return fd.error();
  const os::Result<std::uint32_t> id = os::bpfProgramId(fd.value().get());
  if (!id.ok()) return id.error();
  return Program{std::move(fd.value()), id.value()};
}

GateMacKey macKey(std::uint32_t ifindex, const wire::MacAddress& mac) {
  GateMacKey key{ifindex, {}, {}};
  std::copy(mac.begin(), mac.end(), key.mac);
  return key;
}

std::vector<GateMacKey> macKeys(const GateLink& link) {
  std::vector<GateMacKey> keys;
  for (const wire::MacAddress& mac : link.macs) keys.push_back(macKey(link.ifindex, mac));
  return keys;
}

}  // namespace

struct Gate::Kernel {
  os::BpfArray slots;
  os::BpfHash<GateAddressKey, GateAddressValue> addresses;
  os::BpfHash<GateMacKey, std::uint32_t> macs;
  os::BpfHash<std::uint32_t, GateLinkValue> links;
  FilterClient filters;
  Program ingress;
  Program egress;
  Program egressOfVirtualMac;
  std::map<std::uint32_t, GateLink> attached;

  static os::Result<std::unique_ptr<Kernel>> open(std::string* log);
  os::Status describe(const GateLink& link);
  GatePair programsFor(const GateLink& link) const;
  os::Status forget(std::uint32_t ifindex);
};

os::Result<std::unique_ptr<Gate::Kernel>> Gate::Kernel::open(std::string* log) {
  auto slots = os::BpfArray::create({"aloft_slots", 0, sizeof(GateSlot), kSlots});
  if (!slots.ok()) return slots.error();
  auto addresses = os::BpfHash<GateAddressKey, GateAddressValue>::create("aloft_addresses", kMaxAddresses);
  if (!addresses.ok()) return addresses.error();
  auto macs = os::BpfHash<GateMacKey, std::uint32_t>::create("aloft_macs", kMaxMacs);
  if (!macs.ok()) return macs.error();
  auto links = os::BpfHash<std::uint32_t, GateLinkValue>::create("aloft_links", kMaxLinks);
  if (!links.ok()) return links.error();
  auto filters = FilterClient::open();
  if (!filters.ok()) return filters.error();

  const GateMaps maps{slots.value().fd(), addresses.value().fd(), macs.value().fd(), links.value().fd()};
  auto ingress = loadProgram("aloft_gate_in", GateProgram::Ingress, maps, log);
  if (!ingress.ok()) return ingress.error();
  auto egress = loadProgram("aloft_gate_out", GateProgram::Egress, maps, log);
  if (!egress.ok()) return egress.error();
  auto virtualMac = loadProgram("aloft_gate_vmac", GateProgram::EgressOfVirtualMac, maps, log);
  if (!virtualMac.ok()) return virtualMac.error();
  return std::unique_ptr<Kernel>(new Kernel{std::move(slots.value()),
                                            std::move(addresses.value()),
                                            std::move(macs.value()),
                                            std::move(links.value()),
                                            std::move(filters.value()),
                                            std::move(ingress.value()),
                                            std::move(egress.value()),
                                            std::move(virtualMac.value()),
                                            {}});
}

/// Into the maps: what the programs must know of a link before they run there.
os::Status Gate::Kernel::describe(const GateLink& link) {
  const std::vector<GateMacKey> keys = macKeys(link);
  const std::vector<std::uint32_t> values(keys.size());
  if (const os::Status status = macs.set(keys, values); !status.ok()) return status;
  GateLinkValue value{{}, {}, link.slot.value_or(kNoGateSlot)};
  std::copy(link.macs.front().begin(), link.macs.front().end(), value.mac);
  if (const os::Status status = links.set(link.ifindex, value); !status.ok()) return status;

  const auto former = attached.find(link.ifindex);
  if (former == attached.end()) return {};
  std::vector<GateMacKey> stale;
  for (const wire::MacAddress& mac : former->second.macs) {
    if (std::find(link.macs.begin(), link.macs.end(), mac) == link.macs.end()) stale.push_back(macKey(link.ifindex, mac));
  }
  return macs.remove(stale);
}

GatePair Gate::Kernel::programsFor(const GateLink& link) const {
  return {ingress.loaded(), (link.slot ? egressOfVirtualMac : egress).loaded()};
}

os::Status Gate::Kernel::forget(std::uint32_t ifindex) {
  auto keys = addresses.keys();
  if (!keys.ok()) return keys.error();
  std::erase_if(keys.value(), [&](const GateAddressKey& key) { return key.ifindex != ifindex; });
  if (const os::Status status = addresses.remove(keys.value()); !status.ok()) return status;
  const auto link = attached.find(ifindex);
  if (link == attached.end()) return {};
  if (const os::Status status = macs.remove(macKeys(link->second)); !status.ok()) return status;
  attached.erase(link);
  return links.remove({&ifindex, 1});
}

std::optional<GateConflict> GateSlot::conflict() const {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const std::uint64_t at = conflictAt.load(std::memory_order_acquire);
    // Acquired, all of them: the second look at the time comes after. ThreadSanitizer knows no fence.
    const std::uint64_t mac = conflictMac.load(std::memory_order_acquire);
    const std::uint64_t halves[2] = {conflictAddress[0].load(std::memory_order_acquire),
                                     conflictAddress[1].load(std::memory_order_acquire)};
    if (at != conflictAt.load(std::memory_order_relaxed)) continue;  // a newer one is being written
    if (at == 0) return std::nullopt;
    GateConflict conflict{at, {}, {}};
    std::memcpy(conflict.mac.data(), &mac, conflict.mac.size());
    GateAddressKey key{};
    std::memcpy(key.address, halves, sizeof key.address);
    conflict.address = gateAddress(key);
    return conflict;
  }
  return std::nullopt;
}

Gate::Gate(std::unique_ptr<Kernel> kernel) : kernel_(std::move(kernel)), slots_(static_cast<GateSlot*>(kernel_->slots.data())) {}

Gate::~Gate() = default;

os::Result<std::unique_ptr<Gate>> Gate::open(std::string* verifierLog) {
  os::Result<std::unique_ptr<Kernel>> kernel = Kernel::open(verifierLog);
  if (!kernel.ok()) return kernel.error();
  return std::unique_ptr<Gate>(new Gate(std::move(kernel.value())));
}

os::Status Gate::attach(const GateLink& link) {
  if (link.macs.empty() || (link.slot && *link.slot >= kSlots)) return os::Error{"attach the gate to a link", EINVAL};
  if (const os::Status status = kernel_->describe(link); !status.ok()) return status;
  kernel_->attached[link.ifindex] = link;
  const os::Result<bool> put = putGateFilters(kernel_->filters, link.ifindex, kernel_->programsFor(link));
  return put.ok() ? os::Status() : put.error();
}

os::Result<bool> Gate::restore(std::uint32_t ifindex) {
  const auto link = kernel_->attached.find(ifindex);
  if (link == kernel_->attached.end()) return false;
  return restoreGateFilters(kernel_->filters, ifindex, kernel_->programsFor(link->second));
}

bool Gate::isOvertaken(std::uint32_t ifindex) const {
  const auto link = kernel_->attached.find(ifindex);
  if (link == kernel_->attached.end()) return false;
  const GatePair programs = kernel_->programsFor(link->second);
  return isOvertakenInTcx(ifindex, programs.ingress.id, programs.egress.id);
}

os::Result<std::uint32_t> Gate::port() const { return kernel_->filters.port(); }

os::Status Gate::detach(std::uint32_t ifindex) {
  if (const os::Status status = removeGateFilters(kernel_->filters, ifindex); !status.ok()) return status;
  return kernel_->forget(ifindex);
}

os::Status Gate::detachAll() {
  std::vector<std::uint32_t> links;
  for (const auto& [ifindex, link] : kernel_->attached) links.push_back(ifindex);
  os::Status first;
  for (const std::uint32_t ifindex : links) {
    const os::Status status = detach(ifindex);
    if (first.ok() && !status.ok()) first = status;
  }
  return first;
}

os::Status Gate::removeLeftovers(std::uint32_t ifindex) {
  auto client = FilterClient::open();
  if (!client.ok()) return client.error();
  return removeGateFilters(client.value(), ifindex);
}

os::Status Gate::assign(std::span<const GateAddress> addresses) {
  std::vector<GateAddressKey> keys;
  std::vector<GateAddressValue> values;
  keys.reserve(addresses.size());
  values.reserve(addresses.size());
  for (const GateAddress& address : addresses) {
    if (address.slot >= kSlots) return os::Error{"assign an address to the gate", EINVAL};
    keys.push_back(gateKey(address.ifindex, address.address));
    values.push_back({address.slot, address.answer ? kGateAnswers : 0});
  }
  return kernel_->addresses.set(keys, values);
}

os::Status Gate::unassign(std::span<const GateAddress> addresses) {
  std::vector<GateAddressKey> keys;
  keys.reserve(addresses.size());
  for (const GateAddress& address : addresses) keys.push_back(gateKey(address.ifindex, address.address));
  return kernel_->addresses.remove(keys);
}

}  // namespace aloft::kernel
