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
            "29d4d20b1a878abdf5a1de7d5600e6e13a19364c9340678b3ea0aa5ae00ee114");
  EXPECT_EQ(ToHex(core.StateHash()),
            "28689c1a910a0c058990672946a5aca2b4edb5b88dbca39dec56fe4b2ef99fd7");
}

}  // namespace
}  // namespace tally
