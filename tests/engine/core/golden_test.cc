// Old journals must replay for ever: the committed commands give the committed events and state.

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"

namespace tally {
namespace {

std::vector<Command> GoldenCommands() {
  std::vector<Command> commands;
  std::FILE* const file = std::fopen(TALLY_GOLDEN_DIR "/commands_v1.bin", "rb");
  if (file == nullptr) {
    return commands;
  }
  Command command = MakeCommand(CommandType::kNewOrder);
  while (std::fread(&command, sizeof(command), 1, file) == 1) {
    commands.push_back(command);
  }
  std::fclose(file);
  return commands;
}

TEST(GoldenTest, CommandsOfVersion1GiveTheirEventsAndState) {
  const std::vector<Command> commands = GoldenCommands();
  ASSERT_EQ(commands.size(), 1'500u);
  core::Core core(FlowLimits());
  CollectingSink sink;
  for (const Command& command : commands) {
    core.Apply(command, sink);
  }
  Sha256 events_hash;
  events_hash.Update(sink.events.data(), sink.events.size() * sizeof(Event));
  EXPECT_EQ(ToHex(events_hash.Finish()),
            "0ba24b066b6c6889631dd8656050e29ab5c60cb25b556c8b3923302ebcca85ab");
  EXPECT_EQ(ToHex(core.StateHash()),
            "a0ab20ffa1541b46660f8260ab5489bf2dee7a97b7fe3309894b87f3c40751a5");
}

}  // namespace
}  // namespace tally
