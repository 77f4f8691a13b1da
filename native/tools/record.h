#pragma once
// JSON lines: one record each.

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/ipAddress.h"

namespace aloft::tools {

/// One JSON object, member by member.
class Record {
 public:
  explicit Record(std::string_view type) { text("type", type); }

  Record& text(std::string_view name, std::string_view value);
  Record& number(std::string_view name, std::int64_t value);
  Record& number(std::string_view name, std::uint64_t value) { return number(name, static_cast<std::int64_t>(value)); }
  Record& flag(std::string_view name, bool value);
  Record& address(std::string_view name, const wire::IpAddress& value) { return text(name, wire::format(value)); }
  Record& mac(std::string_view name, const wire::MacAddress& value) { return text(name, wire::format(value)); }
  /// A list; `json` returns the JSON of each item.
  template <typename Items, typename ToJson>
  Record& list(std::string_view name, const Items& items, ToJson json) {
    member(name);
    text_ += '[';
    for (const auto& item : items) {
      if (text_.back() != '[') text_ += ',';
      text_ += json(item);
    }
    text_ += ']';
    return *this;
  }
  /// The whole object.
  std::string json() const { return text_ + '}'; }

 private:
  void member(std::string_view name);

  std::string text_;
};

std::string jsonString(std::string_view text);

/// Collects records and writes them in blocks, or at once when streaming. A full pipe never makes it wait before drain().
class RecordWriter {
 public:
  RecordWriter() = default;
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  ~RecordWriter();

  /// "-" is standard output. Returns what is wrong, or an empty string; so do flush() and drain().
  std::string open(const std::string& path, bool stream);
  void write(const Record& record);
  /// Writes as much as goes without waiting; only when streaming or when a block has come together.
  std::string flush();
  /// Writes all that is left, waiting where it must.
  std::string drain();

 private:
  std::string writeOut(bool wait);

  int fd_ = -1;
  bool stream_ = false;
  std::string buffer_;
};

}  // namespace aloft::tools
