#include "tools/options.h"

#include "support.h"

namespace aloft::tools {
namespace {

std::string parse(std::vector<std::string> arguments, Options& options) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return parseOptions(pointers, options);
}

TEST(Options, readsEveryFlag) {
  Options options;
  ASSERT_EQ(parse({"--interface", "eth0",  "--echo",      "192.0.2.1", "--echo",    "2001:db8::1", "--arp",     "192.0.2.2",
                   "--every",     "500us", "--arp-every", "5ms",       "--gap",     "0ms",         "--timeout", "20ms",
                   "--duration",  "10s",   "--output",    "x.jsonl",   "--capture", "--stream"},
                  options),
            "");
  EXPECT_EQ(options.interface, "eth0");
  EXPECT_EQ(options.echo, (std::vector{wire::ip("192.0.2.1"), wire::ip("2001:db8::1")}));
  EXPECT_EQ(options.arp, std::vector{wire::ip("192.0.2.2")});
  EXPECT_EQ(options.every, 500'000);
  EXPECT_EQ(options.arpEvery, 5'000'000);
  EXPECT_EQ(options.gap, 0);
  EXPECT_EQ(options.timeout, 20'000'000);
  EXPECT_EQ(options.duration, 10'000'000'000);
  EXPECT_EQ(options.output, "x.jsonl");
  EXPECT_TRUE(options.capture);
  EXPECT_TRUE(options.stream);
}

TEST(Options, saysWhatIsWrong) {
  const std::pair<std::vector<std::string>, const char*> table[] = {
      {{}, "--interface is missing"},
      {{"--interface"}, "--interface needs a value"},
      {{"--interface", "averylongname000"}, "--interface does not take \"averylongname000\""},
      {{"eth0"}, "unknown argument eth0"},
      {{"--interface", "eth0", "--echo", "192.0.2"}, "--echo does not take \"192.0.2\""},
      {{"--interface", "eth0", "--every", "0ms"}, "--every does not take \"0ms\""},
      {{"--interface", "eth0", "--every", "1"}, "--every does not take \"1\""},
      {{"--interface", "eth0", "--every", "-1ms"}, "--every does not take \"-1ms\""},
      {{"--interface", "eth0", "--arp-every", "999us"}, "--arp-every does not take \"999us\""},
      {{"--interface", "eth0", "--arp", "192.0.2.1", "--arp-every", "1ms", "--timeout", "61ms"},
       "--timeout must be at most 60 times --arp-every"},
  };
  for (const auto& [arguments, sentence] : table) {
    Options options;
    EXPECT_EQ(parse(arguments, options), sentence);
  }
}

TEST(Options, needsNothingForHelp) {
  Options options;
  EXPECT_EQ(parse({"--help"}, options), "");
  EXPECT_TRUE(options.help);
}

TEST(Options, readsDurations) {
  Nanoseconds value = -1;
  for (const char* const bad : {"", "ms", "1m", "1.5ms", "1ms ", "9999999999s", "+1ms"}) EXPECT_FALSE(parseDuration(bad, value)) << bad;
  EXPECT_EQ(value, -1);
  EXPECT_TRUE(parseDuration("3s", value));
  EXPECT_EQ(value, 3'000'000'000);
}

}  // namespace
}  // namespace aloft::tools
