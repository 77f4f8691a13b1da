#pragma once
// Netlink messages and attributes (RFC 3549 §2.2, linux/netlink.h), bounds-checked. Pure, no allocation; numbers in host order,
// as the kernel has them.
//
//   message    [length u32 | type u16 | flags u16 | sequence u32 | port u32 | family header | attributes …]   aligned to 4
//   attribute  [length u16 | type u16 | value]                                                               aligned to 4

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace aloft::wire {

inline constexpr std::size_t kNetlinkHeaderSize = 16;   // sizeof(struct nlmsghdr)
inline constexpr std::size_t kAttributeHeaderSize = 4;  // sizeof(struct nlattr)

// Message types.
inline constexpr std::uint16_t kNetlinkNoop = 1;   // NLMSG_NOOP
inline constexpr std::uint16_t kNetlinkError = 2;  // NLMSG_ERROR
inline constexpr std::uint16_t kNetlinkDone = 3;   // NLMSG_DONE

// Message flags.
inline constexpr std::uint16_t kNetlinkRequest = 0x0001;          // NLM_F_REQUEST
inline constexpr std::uint16_t kNetlinkMulti = 0x0002;            // NLM_F_MULTI
inline constexpr std::uint16_t kNetlinkAck = 0x0004;              // NLM_F_ACK
inline constexpr std::uint16_t kNetlinkDumpInterrupted = 0x0010;  // NLM_F_DUMP_INTR
inline constexpr std::uint16_t kNetlinkReplace = 0x0100;          // NLM_F_REPLACE
inline constexpr std::uint16_t kNetlinkExclusive = 0x0200;        // NLM_F_EXCL
inline constexpr std::uint16_t kNetlinkCreate = 0x0400;           // NLM_F_CREATE
inline constexpr std::uint16_t kNetlinkAppend = 0x0800;           // NLM_F_APPEND
inline constexpr std::uint16_t kNetlinkDump = 0x0300;             // NLM_F_DUMP
inline constexpr std::uint16_t kNetlinkCapped = 0x0100;           // NLM_F_CAPPED, in errors
inline constexpr std::uint16_t kNetlinkAckAttributes = 0x0200;    // NLM_F_ACK_TLVS, in errors

inline constexpr std::uint16_t kNestedAttribute = 0x8000;    // NLA_F_NESTED
inline constexpr std::uint16_t kAttributeTypeMask = 0x3fff;  // NLA_TYPE_MASK

/// Writes one or more messages into a caller's buffer. A message that does not fit leaves no trace; those before it stay.
class NetlinkBuilder {
 public:
  explicit NetlinkBuilder(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

  void begin(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence);
  /// Appends a fixed header of the family (`struct ifaddrmsg`, …), padded to 4 bytes.
  void header(std::span<const std::uint8_t> bytes);
  void attribute(std::uint16_t type, std::span<const std::uint8_t> value);
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void number(std::uint16_t type, Number value) {
    std::uint8_t bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    attribute(type, bytes);
  }
  /// Zero-terminated (NLA_NUL_STRING).
  void text(std::uint16_t type, std::string_view value);
  /// Opens a nested attribute; pass what it returns to endNested().
  std::size_t beginNested(std::uint16_t type);
  void endNested(std::size_t start);
  /// Closes the message. False when it did not fit: then it is gone and the builder is as before begin().
  bool end();

  /// All closed messages.
  std::span<const std::uint8_t> bytes() const { return buffer_.first(closed_); }
  bool empty() const { return closed_ == 0; }

 private:
  /// `size` more bytes, zeroed and padded to 4; empty when they do not fit.
  std::span<std::uint8_t> reserve(std::size_t size);

  std::span<std::uint8_t> buffer_;
  std::size_t closed_ = 0;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

/// A message that does nothing and is acknowledged: the kernel deals with messages in their order, so that all before it are done then.
bool buildAcknowledgedEnd(NetlinkBuilder& builder, std::uint32_t sequence);

/// A value in a message: bytes of the caller's buffer.
struct NetlinkAttribute {
  std::uint16_t type = 0;  ///< without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER
  std::span<const std::uint8_t> value;

  /// Nothing when the value is too short for a Number. A longer one is read from its start, as the kernel does.
  template <typename Number>
  requires std::is_arithmetic_v<Number> std::optional<Number> number()
  const {
    if (value.size() < sizeof(Number)) return std::nullopt;
    Number result;
    std::memcpy(&result, value.data(), sizeof result);
    return result;
  }
  /// Up to the first zero byte, or all.
  std::string_view text() const;
};

/// Iterates over attributes; ends at the first one that does not fit into the bytes.
class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  bool next(NetlinkAttribute& attribute);

 private:
  std::span<const std::uint8_t> rest_;
};

struct NetlinkMessage {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t port = 0;  ///< nlmsg_pid; whether the kernel sent it tells the socket address, not this
  std::span<const std::uint8_t> payload;

  /// NLM_F_DUMP_INTR: the dump that this belongs to is inconsistent and must be repeated.
  bool isDumpInterrupted() const { return (flags & kNetlinkDumpInterrupted) != 0; }
};

/// Iterates over the messages of one datagram; ends at the first one that does not fit into the bytes.
class NetlinkMessages {
 public:
  explicit NetlinkMessages(std::span<const std::uint8_t> datagram) : rest_(datagram) {}
  bool next(NetlinkMessage& message);
  /// After the last message: whether bytes were left that are none.
  bool malformed() const { return !rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

/// An answer that ends a request: NLMSG_ERROR (an acknowledgement when `error` is 0) or NLMSG_DONE.
struct NetlinkResult {
  int error = 0;               ///< errno, positive
  std::string_view message{};  ///< the kernel's extended acknowledgement, often empty
};

/// Nothing when the message is neither, or is too short. Match it to its request by `message.sequence`.
std::optional<NetlinkResult> parseNetlinkResult(const NetlinkMessage& message);

}  // namespace aloft::wire
