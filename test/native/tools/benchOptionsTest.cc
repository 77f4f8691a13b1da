#include "tools/benchOptions.h"

#include "support.h"

namespace aloft::tools {
namespace {

std::string parse(std::vector<std::string> arguments, BenchOptions& options) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return parseBenchOptions(pointers, options);
}

TEST(BenchOptions, readsATally) {
  BenchOptions options;
  ASSERT_EQ(parse({"tally", "--interface", "eth0", "--outgoing", "--duration", "3s", "--output", "x.jsonl"}, options), "");
  EXPECT_EQ(options.mode, BenchOptions::Mode::Tally);
  EXPECT_EQ(options.interface, "eth0");
  EXPECT_TRUE(options.outgoing);
  EXPECT_EQ(options.duration, 3 * kSecond);
  EXPECT_EQ(options.output, "x.jsonl");
}

TEST(BenchOptions, readsASweep) {
  BenchOptions options;
  ASSERT_EQ(parse({"sweep", "--interface", "eth0", "--addresses", "list", "--owner", "02:00:5e:0A:ff:01", "--eager"}, options), "");
  EXPECT_EQ(options.mode, BenchOptions::Mode::Sweep);
  EXPECT_EQ(options.addresses, "list");
  EXPECT_EQ(options.owner, (wire::MacAddress{2, 0, 0x5e, 0x0a, 0xff, 1}));
  EXPECT_TRUE(options.eager);
}

TEST(BenchOptions, readsAFlood) {
  BenchOptions options;
  ASSERT_EQ(parse({"flood", "--interface", "eth0", "--source", "192.0.2.1", "--source", "192.0.2.2", "--address", "192.0.2.9", "--vrids",
                   "51-60", "--rate", "20000"},
                  options),
            "");
  EXPECT_EQ(options.mode, BenchOptions::Mode::Flood);
  EXPECT_EQ(options.sources, (std::vector{wire::ip("192.0.2.1"), wire::ip("192.0.2.2")}));
  EXPECT_EQ(options.address, wire::ip("192.0.2.9"));
  EXPECT_EQ(options.firstVirtualRouterId, 51);
  EXPECT_EQ(options.virtualRouterIds, 10);
  EXPECT_EQ(options.rate, 20'000u);
}

TEST(BenchOptions, saysWhatIsWrong) {
  const std::pair<std::vector<std::string>, const char*> table[] = {
      {{}, "what to do is missing: tally, sweep or flood"},
      {{"count"}, "cannot count: expected tally, sweep or flood"},
      {{"tally"}, "--interface is missing"},
      {{"tally", "--interface"}, "--interface needs a value"},
      {{"tally", "--loud"}, "unknown argument --loud"},
      {{"tally", "--interface", "averylongname000"}, "--interface does not take \"averylongname000\""},
      {{"sweep", "--interface", "eth0"}, "sweep needs --addresses"},
      {{"sweep", "--interface", "eth0", "--addresses", "list"}, "sweep needs --owner"},
      {{"sweep", "--owner", "02:00:5e:0a:ff"}, "--owner does not take \"02:00:5e:0a:ff\""},
      {{"sweep", "--owner", "02:00:5e-0a:ff:01"}, "--owner does not take \"02:00:5e-0a:ff:01\""},
      {{"sweep", "--owner", "02:00:5e:0g:ff:01"}, "--owner does not take \"02:00:5e:0g:ff:01\""},
      {{"flood", "--interface", "eth0"}, "flood needs --source and --address"},
      {{"flood", "--source", "2001:db8::1"}, "--source does not take \"2001:db8::1\""},
      {{"flood", "--vrids", "9-1"}, "--vrids does not take \"9-1\""},
      {{"flood", "--vrids", "1-255"}, "--vrids does not take \"1-255\""},
      {{"flood", "--rate", "999"}, "--rate does not take \"999\""},
  };
  for (const auto& [arguments, sentence] : table) {
    BenchOptions options;
    EXPECT_EQ(parse(arguments, options), sentence);
  }
}

TEST(BenchOptions, needsNothingForHelp) {
  BenchOptions options;
  EXPECT_EQ(parse({"--help"}, options), "");
  EXPECT_TRUE(options.help);
}

}  // namespace
}  // namespace aloft::tools
