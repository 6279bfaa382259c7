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
            "7423a65a47761c71ae51b7ee0c1541e1e4ae3a5f00510a6154182e69a63cff43");
  EXPECT_EQ(ToHex(core.StateHash()),
            "83da46a0f205c9ec1aa83aaa9bd6ea21c4fa7ccfea7596ac93545937966d2a28");
}

}  // namespace
}  // namespace tally
