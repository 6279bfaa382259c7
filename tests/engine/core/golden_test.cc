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
  for (Event event : sink.events) {
    if (event.type == EventType::kStateHash) {
      event.payload = {};  // Changes with the layout of the state, which has a line of its own.
    }
    events_hash.Update(&event, sizeof(event));
  }
  EXPECT_EQ(ToHex(events_hash.Finish()),
            "a8190ddf2d1640da60f7e914a21ff7b592bb8905c109cd273299793d663ca039");
  EXPECT_EQ(ToHex(core.StateHash()),
            "16d867ca5038f89c643ca87c04cc8e20914b78f375a69efecf3f3403cb0a4742");
}

}  // namespace
}  // namespace tally
