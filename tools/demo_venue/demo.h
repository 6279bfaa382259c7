#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "tools/demo_venue/chain_side.h"
#include "tools/demo_venue/console.h"
#include "tools/demo_venue/event_feed.h"
#include "tools/demo_venue/flow_player.h"
#include "tools/demo_venue/outcome.h"
#include "tools/demo_venue/processes.h"
#include "tools/demo_venue/session_pool.h"
#include "tools/demo_venue/venue_file.h"

namespace tally::demo {

// One run: a chain, a venue, a recorded market played into it, and what came of it. Every process
// it starts ends with it. Thread safety: one thread.
class Demo {
 public:
  Demo(const DemoOptions& options, Console* console);

  // All phases in order. The console's phase says where a failure belongs.
  absl::Status Run();

  // After a failure: which processes ended by themselves, and the ends of their logs.
  std::string DescribeEndedProcesses();

  const Outcome& outcome() const { return outcome_; }

 private:
  absl::Status LoadFlow();
  absl::Status StartChain();
  absl::Status OpenAccounts();
  absl::Status StartVenue();
  absl::Status OpenSessions();
  absl::Status PlayFlow();
  absl::Status PlayPart(std::size_t begin, std::size_t end);
  absl::Status KillEngine();
  absl::Status SettleFlow();
  absl::Status RunBurst();
  absl::Status Withdraw();
  absl::Status AwaitSettlement();
  absl::Status StopVenue();
  absl::Status Audit();

  std::vector<flow::FlowDeposit> Deposits() const;
  // Reads the event log until `done`; fails if a process ends meanwhile.
  absl::Status FollowUntil(const std::function<bool()>& done, int timeout_ms, const char* what);
  absl::Status CheckProcesses();
  absl::Status CompareBalances();
  std::string Path(const std::string& name) const { return options_.directory + "/" + name; }
  std::string Program() const { return options_.build + "/bin/tally"; }

  const DemoOptions options_;
  Console* const console_;
  const VenueFile venue_file_;
  const int64_t started_ns_;

  // Ended in the reverse order: the relayer, the engine, the node.
  std::optional<Node> node_;
  EngineProcess engine_;
  std::optional<ChildProcess> relayer_;
  uint16_t port_ = 0;

  std::unique_ptr<ChainSide> chain_;
  flow::Flow flow_;
  SessionPool pool_;
  Market market_;
  Outcome outcome_;  // Before the player, which keeps its address.
  FlowPlayer player_;
  EventFeed feed_;
  std::size_t deposits_ = 0;
};

}  // namespace tally::demo
