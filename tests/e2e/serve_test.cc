// `tally serve` as its operator meets it: exit codes, messages, orderly stop, idle cost.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/sanitized.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kIdleCpuSecondsMax = kSanitized ? 0.4 : 0.1;

// Runs `tally serve` on another configuration than the venue's.
CommandResult Serve(const VenueProcess& venue, const std::string& config,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {TALLY_PROGRAM, "serve", "--config", config};
  arguments.insert(arguments.end(), more.begin(), more.end());
  static_cast<void>(venue);
  return RunCommand(arguments);
}

std::string WriteConfig(const VenueProcess& venue, const std::string& text) {
  const std::string path = venue.directory() + "/other.toml";
  std::ofstream(path) << text;
  return path;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// Names of the sub-commands, from the program's own help.
std::vector<std::string> SubCommands() {
  std::vector<std::string> names;
  std::istringstream help(RunCommand({TALLY_PROGRAM, "--help"}).output);
  bool listed = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Subcommands:") {
      listed = true;
    } else if (line.empty()) {
      listed = false;
    } else if (listed && line.size() > 2 && line[2] != ' ') {
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return names;
}

// Time that the threads of a process have run, as the scheduler counts it.
double CpuSeconds(pid_t pid) {
  double nanoseconds = 0;
  for (const auto& task :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::ifstream file(task.path() / "schedstat");
    double ran = 0;
    file >> ran;
    nanoseconds += ran;
  }
  return nanoseconds * 1e-9;
}

TEST(ServeTest, BadConfigurationIsNamedByLineWithItsRemedy) {
  const VenueProcess venue(TALLY_PROGRAM, {});
  const std::string text = VenueText({});
  const std::string config =
      WriteConfig(venue, Replaced(text, "durability = \"sync\"", "durability = \"maybe\""));
  const CommandResult result = Serve(venue, config);
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("other.toml:5:"), HasSubstr("durability"),
                                   HasSubstr("must be \"sync\" or \"async\"")));
}

TEST(ServeTest, MisspelledKeyIsRefused) {
  const VenueProcess venue(TALLY_PROGRAM, {});
  const std::string config =
      WriteConfig(venue, Replaced(VenueText({}), "input_ring_size", "input_ring_sice"));
  const CommandResult result = Serve(venue, config);
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("input_ring_sice"));
}

TEST(ServeTest, ConfigurationThatIsNotThereIsNamed) {
  const VenueProcess venue(TALLY_PROGRAM, {});
  const CommandResult result = Serve(venue, venue.directory() + "/nothing.toml");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("nothing.toml"));
}

TEST(ServeTest, JournaledDefinitionCannotBeChangedByTheConfiguration) {
  VenueProcess venue(TALLY_PROGRAM, {});
  ASSERT_TRUE(venue.Start().ok()) << venue.LogTail();
  ASSERT_TRUE(venue.Terminate().ok());
  const std::string config =
      WriteConfig(venue, Replaced(VenueText({}), "tick = \"0.01\"", "tick = \"0.1\""));
  const CommandResult result = Serve(venue, config);
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("instrument 1"));
}

TEST(ServeTest, UnknownOptionEndsWithTwo) {
  EXPECT_EQ(RunCommand({TALLY_PROGRAM, "serve", "--no-such-option"}).exit_code, 2);
  EXPECT_EQ(RunCommand({TALLY_PROGRAM, "no-such-command"}).exit_code, 2);
  EXPECT_EQ(RunCommand({TALLY_PROGRAM}).exit_code, 2);
}

TEST(ServeTest, EveryCommandHasHelp) {
  const std::vector<std::string> commands = SubCommands();
  EXPECT_GE(commands.size(), 3u);
  for (const std::string& command : commands) {
    const CommandResult result = RunCommand({TALLY_PROGRAM, command, "--help"});
    EXPECT_EQ(result.exit_code, 0) << command;
    EXPECT_THAT(result.output, HasSubstr("Usage:")) << command;
  }
}

TEST(ServeTest, OccupiedPortIsNamed) {
  VenueProcess first(TALLY_PROGRAM, {});
  ASSERT_TRUE(first.Start().ok()) << first.LogTail();
  const VenueProcess second(TALLY_PROGRAM, {});
  const CommandResult result =
      Serve(second, second.config_path(), {"--port", absl::StrCat(first.port())});
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("127.0.0.1:", first.port())));
}

TEST(ServeTest, FolderThatCannotBeWrittenIsNamed) {
  const VenueProcess venue(TALLY_PROGRAM, {});
  std::ofstream(venue.directory() + "/file") << "not a folder";
  for (const std::string& folder : {venue.directory() + "/file/data", std::string("/proc/data")}) {
    const CommandResult result = Serve(venue, venue.config_path(), {"--data", folder});
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_THAT(result.output, HasSubstr(folder));
  }
  if (geteuid() != 0) {  // Permissions do not bind root.
    const std::string folder = venue.directory() + "/closed";
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_read);
    const CommandResult result = Serve(venue, venue.config_path(), {"--data", folder + "/data"});
    EXPECT_EQ(result.exit_code, 3) << result.output;
  }
}

TEST(ServeTest, SecondServerOnTheSameDataIsRefused) {
  VenueProcess venue(TALLY_PROGRAM, {});
  ASSERT_TRUE(venue.Start().ok()) << venue.LogTail();
  const CommandResult result = Serve(venue, venue.config_path(), {"--port", "0"});
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr(venue.data_directory()));
  EXPECT_TRUE(venue.Running());
  VenueClient client(TestClientOptions(venue.port(), 2, 1));
  EXPECT_TRUE(client.UntilLive());
}

TEST(ServeTest, SigtermSaysGoodbyeAndPrintsTheStateHash) {
  VenueProcess venue(TALLY_PROGRAM, {});
  ASSERT_TRUE(venue.Start().ok()) << venue.LogTail();
  VenueClient client(TestClientOptions(venue.port(), 2, 1));
  ASSERT_TRUE(client.UntilLive());
  venue.child().Signal(SIGTERM);
  ASSERT_TRUE(client.Until([&] { return !client.view().last_disconnect().ok(); }));
  EXPECT_THAT(std::string(client.view().last_disconnect().message()), HasSubstr("SHUTDOWN"));
  const absl::StatusOr<int> exit_code = venue.child().Wait(20'000);
  ASSERT_TRUE(exit_code.ok());
  EXPECT_EQ(*exit_code, 0);

  const CommandResult replay = venue.Replay({"--json"});
  EXPECT_EQ(replay.exit_code, 0);
  const auto json = nlohmann::json::parse(replay.output, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << replay.output;
  EXPECT_THAT(venue.LogTail(), HasSubstr(json["state_hash"].get<std::string>()));
}

TEST(ReplayCommandTest, PrintsItsSummaryAsJsonWhateverElseIsAskedFor) {
  VenueProcess venue(TALLY_PROGRAM, {});
  ASSERT_TRUE(venue.Start().ok()) << venue.LogTail();
  ASSERT_EQ(venue.Terminate().value_or(-1), 0);
  using Options = std::vector<std::string>;
  for (const Options& options : {Options{"--json"}, Options{"--json", "--balances"}}) {
    const CommandResult replay = venue.Replay(options);
    EXPECT_EQ(replay.exit_code, 0) << replay.output;
    EXPECT_TRUE(nlohmann::json::accept(replay.output)) << replay.output;
  }
}

TEST(ServeTest, IdleServerUsesHardlyAnyProcessorTime) {
  VenueProcess venue(TALLY_PROGRAM, {});
  ASSERT_TRUE(venue.Start().ok()) << venue.LogTail();
  VenueClient client(TestClientOptions(venue.port(), 2, 1));
  ASSERT_TRUE(client.UntilLive());
  const double before = CpuSeconds(venue.child().pid());
  client.Until([] { return false; }, /*timeout_ms=*/2'000);  // Idle time is what is measured.
  const double used = CpuSeconds(venue.child().pid()) - before;
  RecordProperty("idle_cpu_ms_per_second", static_cast<int>(used * 500));
  std::printf("idle: %.1f ms of processor time in 2 s\n", used * 1'000);
  EXPECT_LT(used, kIdleCpuSecondsMax);
}

}  // namespace
}  // namespace tally
