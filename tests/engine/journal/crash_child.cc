// The victim of kill_test.cc: appends frames to the journal in argv[1], of sizes drawn from the
// seed argv[2], and writes each acknowledged sequence (8 bytes) to the standard output.

#include <cstdint>
#include <cstdlib>
#include <random>
#include <unistd.h>
#include <vector>

#include "tests/engine/journal/journal_fixture.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  tally::JournalOptions options = tally::TestJournalOptions();
  options.memtable_bytes = std::size_t{256} << 10;  // Kills hit table writing, too.
  options.anchor_interval_ns = 2'000'000;
  auto writer = tally::JournalWriter::Open(argv[1], options);
  if (!writer.ok()) {
    return 3;
  }
  std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
  for (;;) {
    const uint64_t next = Raw((*writer)->last_sequence()) + 1;
    if (!(*writer)->AppendFrame(tally::TestCommands(next, random() % 60 + 1)).ok()) {
      return 4;
    }
    const uint64_t acknowledged = Raw((*writer)->last_sequence());
    if (write(STDOUT_FILENO, &acknowledged, sizeof acknowledged) != sizeof acknowledged) {
      return 5;
    }
  }
}
