#include "tools/record.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace aloft::tools {
namespace {

constexpr std::size_t kBlock = 256 * 1024;
/// A pipe that poll() calls writable takes so much without blocking (PIPE_BUF).
constexpr std::size_t kPiece = 4096;

bool isWritable(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  return poll(&entry, 1, 0) == 1;
}

}  // namespace

std::string jsonString(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

void Record::member(std::string_view name) {
  text_ += text_.empty() ? '{' : ',';
  text_ += '"';
  text_ += name;
  text_ += "\":";
}

Record& Record::text(std::string_view name, std::string_view value) {
  member(name);
  text_ += jsonString(value);
  return *this;
}

Record& Record::number(std::string_view name, std::int64_t value) {
  member(name);
  std::array<char, 24> digits{};
  text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  return *this;
}

Record& Record::flag(std::string_view name, bool value) {
  member(name);
  text_ += value ? "true" : "false";
  return *this;
}

RecordWriter::~RecordWriter() {
  if (fd_ > STDOUT_FILENO) ::close(fd_);
}

std::string RecordWriter::open(const std::string& path, bool stream) {
  stream_ = stream;
  fd_ = path == "-" ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  return fd_ < 0 ? "cannot write " + path + ": " + std::strerror(errno) : "";
}

void RecordWriter::write(const Record& record) {
  buffer_ += record.json();
  buffer_ += '\n';
}

std::string RecordWriter::flush() { return buffer_.size() >= kBlock || (stream_ && !buffer_.empty()) ? writeOut(false) : ""; }

std::string RecordWriter::drain() { return writeOut(true); }

std::string RecordWriter::writeOut(bool wait) {
  std::size_t done = 0;
  std::string error;
  while (done < buffer_.size() && (wait || isWritable(fd_))) {
    const ssize_t written = ::write(fd_, buffer_.data() + done, std::min(buffer_.size() - done, kPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error = std::string("cannot write the records: ") + std::strerror(errno);
      done = buffer_.size();
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  buffer_.erase(0, done);
  return error;
}

}  // namespace aloft::tools
