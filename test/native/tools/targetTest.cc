#include "tools/target.h"

#include <fstream>
#include <sstream>

#include "support.h"

namespace aloft::tools {
namespace {

class TargetTest : public testing::Test {
 protected:
  void SetUp() override {
    close(mkstemp(path_.data()));
    ASSERT_EQ(writer_.open(path_, false), "");
  }
  void TearDown() override { unlink(path_.c_str()); }
  std::string records() {
    EXPECT_EQ(writer_.drain(), "");
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::string path_ = testing::TempDir() + "targetXXXXXX";
  RecordWriter writer_;
};

const wire::MacAddress kA = {2, 0, 0, 0, 0, 0xa};
const wire::MacAddress kB = {2, 0, 0, 0, 0, 0xb};

TEST_F(TargetTest, recordsAnOutageOfEchoAndItsSummary) {
  Target target(Target::By::Echo, wire::ip("192.0.2.100"), 5, 0);
  for (std::uint64_t i = 0; i < 6; ++i) {
    const auto sent = static_cast<Nanoseconds>(1000 + 10 * i);
    target.send(sent);
    if (i < 2) target.answer(i, sent + 2);
    if (i == 3) target.answer(i, sent + 9);  // late
    if (i == 5) target.answer(i, sent + 4);
    target.settle(sent + 8, writer_);
  }
  target.countSendError();
  target.settle(2000, writer_);
  target.finish(writer_);
  EXPECT_EQ(records(),
            R"({"type":"outage","by":"echo","address":"192.0.2.100","fromNs":1010,"toNs":1050,"lost":3,"openStart":false,"openEnd":false})"
            "\n"
            R"({"type":"summary","by":"echo","address":"192.0.2.100","sent":6,"answered":3,"lost":3,"late":1,"sendErrors":1,"outages":1,)"
            R"("longestOutageNs":40,"rttMinNs":2,"rttMeanNs":2,"rttMaxNs":4})"
            "\n");
}

TEST_F(TargetTest, recordsOwnersAndDoubleAnswers) {
  Target target(Target::By::Arp, wire::ip("2001:db8::100"), 5, 0);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto sent = static_cast<Nanoseconds>(1000 + 10 * i);
    target.send(sent);
    if (i < 3) target.answer(i, sent + 1, &kA);
    if (i > 0) target.answer(i, sent + 1, &kB);
  }
  target.settle(2000, writer_);
  target.finish(writer_);
  EXPECT_EQ(
      records(),
      R"({"type":"owner","timeNs":1000,"address":"2001:db8::100","macs":["02:00:00:00:00:0a"]})"
      "\n"
      R"({"type":"owner","timeNs":1010,"address":"2001:db8::100","macs":["02:00:00:00:00:0a","02:00:00:00:00:0b"]})"
      "\n"
      R"({"type":"owner","timeNs":1030,"address":"2001:db8::100","macs":["02:00:00:00:00:0b"]})"
      "\n"
      R"({"type":"doubleAnswer","address":"2001:db8::100","fromNs":1010,"toNs":1030,"questions":2,"macs":["02:00:00:00:00:0a","02:00:00:00:00:0b"]})"
      "\n"
      R"({"type":"summary","by":"arp","address":"2001:db8::100","sent":4,"answered":4,"lost":0,"late":0,"sendErrors":0,"outages":0,)"
      R"("longestOutageNs":0,"rttMinNs":1,"rttMeanNs":1,"rttMaxNs":1,"doubleAnswers":1,"doubleAnswerNs":20,"macs":[)"
      R"({"mac":"02:00:00:00:00:0a","answers":3,"firstNs":1000,"lastNs":1020},{"mac":"02:00:00:00:00:0b","answers":3,"firstNs":1010,"lastNs":1030}]})"
      "\n");
}

}  // namespace
}  // namespace aloft::tools
