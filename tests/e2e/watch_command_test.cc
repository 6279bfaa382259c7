// `tally watch` and `tally reconcile` as an outsider runs them: on a published event log and a
// node.

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "evm/key_file.h"
#include "tests/settlement/watched_venue.h"
#include "tests/support/venue_process.h"

namespace tally::settlement {
namespace {

using ::testing::HasSubstr;

class WatchCommandTest : public WatchedVenue {
 protected:
  // `tally watch` or `tally reconcile` on the published log.
  CommandResult RunTally(std::vector<std::string> arguments, const std::string& events) {
    std::vector<std::string> all = {TALLY_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    for (const std::string& more :
         {std::string("--rpc-url"), node_->url(), std::string("--events"), events,
          std::string("--vault"), Hex(deployment_.vault), std::string("--chain-id"),
          std::to_string(kChainId), std::string("--from-block"),
          std::to_string(deployment_.block)}) {
      all.push_back(more);
    }
    return RunCommand(all);
  }
};

TEST_F(WatchCommandTest, CommandsExitWithWhatTheyFound) {
  Trade(25);
  RunUntilIdle();
  const std::string honest = PublishEvents();
  const CommandResult clean = RunTally({"watch", "--once"}, honest);
  EXPECT_EQ(clean.exit_code, 0) << clean.output;
  const CommandResult agreed = RunTally({"reconcile"}, honest);
  EXPECT_EQ(agreed.exit_code, 0) << agreed.output;

  Steal(5'000);
  const std::string events = PublishEvents();
  const std::string key_file = directory_ + "/watcher.key";
  std::ofstream(key_file) << "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n";
  std::filesystem::permissions(key_file, std::filesystem::perms::owner_read);
  const auto key = evm::LoadKeyFile(key_file, [](const std::string&) { return evm::SecretText(); });
  ASSERT_TRUE(key.ok()) << key.status();
  Send({calls::SendEther(kRich, key->address(), 20 * kEther)});
  const CommandResult watched = RunTally({"watch", "--once", "--key-file", key_file}, events);
  EXPECT_EQ(watched.exit_code, 1) << watched.output;
  const ChallengeKey victim{.batch = relayer_->position().head.next_batch, .account = AccountId{2}};
  EXPECT_EQ(StatusOf(victim), ChallengeStatus::kOpen) << watched.output;
  const CommandResult reconciled = RunTally({"reconcile"}, events);
  EXPECT_EQ(reconciled.exit_code, 1) << reconciled.output;
  EXPECT_THAT(reconciled.output, HasSubstr("account 2, asset 0"));
  EXPECT_THAT(reconciled.output, HasSubstr("first suspicious batch"));
}

}  // namespace
}  // namespace tally::settlement
