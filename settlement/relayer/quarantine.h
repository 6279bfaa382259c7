#pragma once

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "settlement/engine_link.h"
#include "settlement/netting/signed_order.h"
#include "settlement/relayer/batch_builder.h"
#include "settlement/relayer/batcher.h"
#include "settlement/relayer/job_sender.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Keeps one account from standing in everybody's way. A batch that the vault refuses because of an
// account is netted again without the trades of that account (whole trades: without one side the
// other would not be covered), and the batches behind it are put on the new chain. What was taken
// out stays owed, in the store and in the log as an alarm: the engine's ledger and the vault differ
// by exactly that until an operator has found out who owes whom. Likewise a withdrawal that the
// vault refuses is held back, and tried again now and then.
//
// The new content is derived from the event log, and only if the old one can be: otherwise the
// relayer stops rather than guess.
//
// Thread safety: one thread. Cost: reads the event log from its beginning, once per account taken
// out.
class Quarantine {
 public:
  struct Dependencies {
    RelayerStore* store;
    ChainClient* chain;
    EventSource* events;
    Batcher* batcher;
    JobSender* sender;
    Signer* signer;
    const Clock* clock;
  };

  Quarantine(const RelayerConfig* config, const Dependencies& dependencies);

  void Restore(const RelayerStore::Contents& contents);
  // What the engine says is resolved is owed no more.
  absl::Status Forget(const DisputeProgresses& disputes);
  // Deals with the sender's refusal, if there is one, and retries what is held back.
  //   kFailedPrecondition  it cannot be taken out; the message says why
  absl::Status Step();

  const std::map<std::pair<uint64_t, AccountId>, Owed>& owed() const { return owed_; }
  const std::set<uint64_t>& held() const { return held_; }  // Withdrawals.

 private:
  absl::Status TakeOut(const Job& job, AccountId account, std::string_view why);
  absl::Status HoldBack(Job job, uint64_t withdrawal, std::string_view why);
  absl::Status RetryHeld();

  const RelayerConfig& config_;
  const Dependencies dependencies_;
  const OrderDomain domain_;
  std::map<std::pair<uint64_t, AccountId>, Owed> owed_;
  std::set<uint64_t> held_;
  int64_t retried_at_ns_ = 0;
};

// Events of a batch.
struct BatchRange {
  uint64_t first_event = 0;
  uint64_t last_event = 0;
};

// Calls take(event) for every event in the range. kDataLoss if the log ends before it.
absl::Status ForEachEvent(EventSource* events, const BatchRange& range,
                          const std::function<absl::Status(const Event& event)>& take);

// The content of a batch with this header, and that without the trades of some accounts, from the
// event log alone. `fee_terms` tell whose trades pay or get fees. Pure, see Quarantine.
struct BatchContents {
  BatchContent before;
  BatchContent after;
};
absl::StatusOr<BatchContents> DeriveContents(EventSource* events, const OrderDomain& domain,
                                             const BatchRange& range,
                                             const std::set<TradeId>& out_before,
                                             const std::set<TradeId>& out_after);
// The trades in the range in which one of the accounts is a side, or gets or pays a fee.
absl::StatusOr<std::set<TradeId>> TradesOf(EventSource* events, const BatchRange& range,
                                           const std::set<AccountId>& accounts,
                                           const InstrumentTerms& fee_terms);

}  // namespace tally::settlement
