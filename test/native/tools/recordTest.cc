#include "tools/record.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace aloft::tools {
namespace {

TEST(Record, isOneJsonObject) {
  const std::array<int, 2> items = {1, 2};
  const Record record = std::move(Record("outage")
                                      .number("fromNs", std::int64_t{-5})
                                      .number("lost", std::uint64_t{7})
                                      .flag("openEnd", true)
                                      .flag("openStart", false)
                                      .list("items", items, [](int item) { return std::to_string(item); }));
  EXPECT_EQ(record.json(), R"({"type":"outage","fromNs":-5,"lost":7,"openEnd":true,"openStart":false,"items":[1,2]})");
}

TEST(Record, escapesText) { EXPECT_EQ(jsonString("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")"); }

TEST(Record, writesAnEmptyList) {
  EXPECT_EQ(Record("x").list("macs", std::array<int, 0>{}, [](int) { return std::string(); }).json(), R"({"type":"x","macs":[]})");
}

class RecordWriterTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(close(mkstemp(path_.data())), 0); }
  void TearDown() override { unlink(path_.c_str()); }
  std::string content() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::string path_ = testing::TempDir() + "recordXXXXXX";
};

TEST_F(RecordWriterTest, keepsRecordsBackUntilTheyAreDrained) {
  RecordWriter writer;
  ASSERT_EQ(writer.open(path_, false), "");
  writer.write(Record("a"));
  EXPECT_EQ(writer.flush(), "");
  EXPECT_EQ(content(), "");
  EXPECT_EQ(writer.drain(), "");
  EXPECT_EQ(content(), "{\"type\":\"a\"}\n");
}

TEST_F(RecordWriterTest, writesAtOnceWhenStreaming) {
  RecordWriter writer;
  ASSERT_EQ(writer.open(path_, true), "");
  writer.write(Record("a"));
  EXPECT_EQ(writer.flush(), "");
  EXPECT_EQ(content(), "{\"type\":\"a\"}\n");
}

TEST_F(RecordWriterTest, neitherWaitsForAFullPipeNorLosesAnything) {
  unlink(path_.c_str());
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  RecordWriter writer;
  ASSERT_EQ(writer.open(path_, true), "");
  std::string expected;
  for (int i = 0; i < 20000; ++i) {
    Record record("advert");
    record.number("i", std::int64_t{i});
    expected += record.json() + '\n';
    writer.write(record);
    ASSERT_EQ(writer.flush(), "");
  }
  ASSERT_GT(expected.size(), 400000u) << "more than a pipe holds";
  std::string got;
  std::array<char, 65536> buffer;
  for (ssize_t n; got.size() < expected.size() && ((n = read(reader, buffer.data(), buffer.size())) > 0);) {
    got.append(buffer.data(), static_cast<std::size_t>(n));
    ASSERT_EQ(writer.flush(), "");
  }
  EXPECT_EQ(got.size(), expected.size());
  EXPECT_TRUE(got == expected);
  close(reader);
}

TEST(RecordWriter, saysWhatItCannotOpen) {
  RecordWriter writer;
  EXPECT_EQ(writer.open("/nonexistent/file", false), "cannot write /nonexistent/file: No such file or directory");
}

}  // namespace
}  // namespace aloft::tools
