// Kills a writing process again and again: what it acknowledged is in the journal, nothing is
// there twice, and the journal goes on. TALLY_CRASH_KILLS sets the number of kills.

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

#include "tests/engine/journal/journal_fixture.h"

namespace tally {
namespace {

struct Child {
  pid_t pid = -1;
  int pipe = -1;
};

Child StartChild(const std::string& directory, uint64_t seed) {
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "journal_crash_child";
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const std::string seed_text = std::to_string(seed);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execl(program.c_str(), program.c_str(), directory.c_str(), seed_text.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  return {pid, ends[0]};
}

// The next acknowledged sequence; 0 when the child is gone.
uint64_t ReadAcknowledged(int pipe) {
  uint64_t sequence = 0;
  const ssize_t got = read(pipe, &sequence, sizeof sequence);
  return got == sizeof sequence ? sequence : 0;
}

TEST(KillTest, AcknowledgedCommandsSurviveKillsAtAnyTime) {
  const char* kills_text = std::getenv("TALLY_CRASH_KILLS");
  const int kills = kills_text == nullptr ? 30 : std::atoi(kills_text);
  TemporaryDirectory temporary;
  const std::string directory = temporary.Path("journal");
  std::mt19937_64 random(17);
  uint64_t acknowledged = 0;
  for (int kill_index = 0; kill_index < kills; ++kill_index) {
    const Child child = StartChild(directory, random());
    // The child runs on while these are read, so that the kill hits it anywhere.
    for (uint64_t acks = random() % 40; acks > 0; --acks) {
      const uint64_t sequence = ReadAcknowledged(child.pipe);
      ASSERT_GT(sequence, acknowledged) << "kill " << kill_index;
      acknowledged = sequence;
    }
    ASSERT_EQ(kill(child.pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child.pid, &status, 0), child.pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
    while (const uint64_t sequence = ReadAcknowledged(child.pipe)) {
      acknowledged = sequence;
    }
    close(child.pipe);
    if (acknowledged == 0 &&
        JournalReader::Open(directory).status().code() == absl::StatusCode::kNotFound) {
      continue;  // Killed before there was a journal.
    }
    const auto recovered = ReadAll(directory);  // Contiguous, chained, as written.
    ASSERT_TRUE(recovered.ok()) << "kill " << kill_index << ": " << recovered.status();
    ASSERT_GE(*recovered, acknowledged) << "kill " << kill_index;
    // At most the one frame in flight is there beyond.
    ASSERT_LE(*recovered, acknowledged + 60) << "kill " << kill_index;
    acknowledged = *recovered;
  }
  EXPECT_GT(acknowledged, 0U);
}

}  // namespace
}  // namespace tally
