#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/event.h"
#include "engine/journal/event_log.h"
#include "tests/support/session_view.h"

namespace tally {

// One client session as the audit finds it in the log.
struct AuditedSession {
  AccountId account{};
  uint64_t session_id = 0;
  const SessionView* view = nullptr;
};

// Balances of all accounts by account number.
using AccountTotals = std::map<uint32_t, AssetTotals>;

// Reads the event log from its beginning, as far as it goes, and compares it with what the clients
// saw: every report, in order, field by field; one answer per command; one effect per deposit.
class EventLogAudit {
 public:
  EventLogAudit(const std::string& directory, std::vector<AuditedSession> sessions);

  // Reads on until every report that a client has seen was compared. The first contradiction stays
  // in fault(). Events without a client's report behind the last one may be left for the next call.
  void ReadOn();

  const std::string& fault() const { return fault_; }
  // Deposits less withdrawals, of each account.
  const AccountTotals& transferred() const { return transferred_; }
  uint64_t deposits() const { return deposits_; }
  uint64_t withdrawals() const { return withdrawals_; }
  uint64_t events() const { return events_; }

 private:
  struct State {
    AuditedSession who;
    uint64_t reports = 0;
    uint64_t client_sequence = 0;
  };

  bool Complete() const;
  void Take(const Event& event);
  void TakeReport(const Event& event);
  void TakeTransfer(const Event& event);
  void Fail(const std::string& what, const Event& event);

  EventLogReader reader_;
  std::vector<State> sessions_;
  std::map<SessionIndex, State*> by_index_;
  uint64_t events_ = 0;
  uint64_t deposits_ = 0;
  uint64_t withdrawals_ = 0;
  AccountTotals transferred_;
  std::string fault_;
};

}  // namespace tally
