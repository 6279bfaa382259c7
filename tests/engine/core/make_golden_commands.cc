// Writes the commands of tests/golden/commands_v1.bin: `make_golden_commands FILE`. Run once per
// version of the command record; the file of an older version is never made again.

#include <cstdio>

#include "tests/engine/core/random_flow.h"

int main(int argc, char** argv) {
  using namespace tally;
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_golden_commands FILE\n");
    return 1;
  }
  TestVenue venue(FlowLimits());
  SetUpFlow(venue);
  RandomFlow flow(1);
  while (venue.commands.size() < 1'500) {
    venue.Send(flow.Next(venue));
  }
  std::FILE* const file = std::fopen(argv[1], "wb");
  if (file == nullptr) {
    std::perror(argv[1]);
    return 1;
  }
  const std::size_t written =
      std::fwrite(venue.commands.data(), sizeof(Command), venue.commands.size(), file);
  return std::fclose(file) == 0 && written == venue.commands.size() ? 0 : 1;
}
