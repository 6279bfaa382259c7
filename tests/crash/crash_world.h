#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/event_log_audit.h"
#include "tests/crash/random_trader.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {

// A real venue process, clients that load it, and what must be true of both whenever it is quiet.
//
// Thread safety: one thread.
class CrashWorld {
 public:
  CrashWorld(std::string tally_path, const VenueSpec& spec, uint64_t seed);

  VenueProcess& venue() { return venue_; }
  std::mt19937_64& random() { return random_; }

  // Funds the accounts; the venue runs.
  void FundAccounts();
  // Random commands from every client for about `microseconds`, at most `in_flight_max` of each
  // waiting for their answer.
  void Load(int64_t microseconds, int64_t in_flight_max = 96);
  // Lets the clients read what is left for them after the venue ended.
  void PollOnce() { PollAll(0); }
  // Waits until every client is live and has all its answers, then compares what the clients know
  // with the engine and with its event log. Empty, or the first contradiction.
  std::string Check();
  // The same against the files of the stopped venue: journal, event log, `tally replay`.
  std::string CheckStopped();
  // Ends the sessions in order.
  std::string CloseAll();

  std::string Summary();

 private:
  bool Await(const std::function<bool()>& done, int timeout_ms);
  void PollAll(int timeout_ms);
  std::string Faults() const;
  std::string WhatIsMissing();
  std::string CheckBalances() const;
  std::string CheckJournal() const;
  std::string CheckReplay();
  std::vector<AuditedSession> AuditedSessions() const;
  std::vector<sdk::Client*> Clients();

  std::mt19937_64 random_;
  VenueProcess venue_;
  std::vector<std::unique_ptr<RandomTrader>> traders_;  // The first only asks.
  std::unique_ptr<SettlementClient> settlement_;
  std::unique_ptr<EventLogAudit> audit_;
};

}  // namespace tally
