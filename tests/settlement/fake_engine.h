#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "settlement/chain/private_key.h"
#include "settlement/engine_link.h"
#include "settlement/netting/signed_order.h"
#include "settlement/relayer/key_value_store.h"
#include "tests/settlement/fault_plan.h"

namespace tally::settlement {

// The engine as the relayer sees it: a ledger that takes each index once, and an event log.
class FakeEngine final : public EngineLink, public EventSource {
 public:
  FakeEngine(uint64_t chain_id, FaultPlan* faults);

  void DefineInstrument(uint32_t instrument, uint16_t base, uint16_t quote, uint32_t fee_account);
  struct Trade {
    uint32_t instrument = 1;
    uint32_t buyer = 0;
    uint32_t seller = 0;
    int64_t ticks = 1;
    int64_t lots = 1;
    int64_t buyer_fee = 0;
    int64_t seller_fee = 0;
  };
  // Trades if both sides can pay; both fills and the public trade go to the log.
  bool Execute(const Trade& trade);
  // From now on each order of a trade is signed by the key that `key_of` gives for its account, if
  // any, and the log says so.
  void SignOrders(const OrderDomain& domain,
                  std::function<const PrivateKey*(uint32_t account)> key_of);
  // Every order is signed with this nonce (0: each with its own): an engine that executes the same
  // signed order again and again.
  void set_nonce(uint64_t nonce) { nonce_ = nonce; }

  absl::Status Submit(const Command& command) override;
  std::vector<Rejection> Poll() override;
  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events) override;

  const std::map<std::pair<uint32_t, uint16_t>, __int128>& balances() const { return balances_; }
  uint64_t deposit_count() const { return deposits_; }
  uint64_t withdraw_count() const { return withdraws_; }
  uint64_t settled_batches() const { return batches_; }
  std::size_t event_count() const { return log_.size(); }
  // Every status told of batches that were not final then.
  const std::vector<BatchStatusCommand>& statuses() const { return statuses_; }
  // The steps taken of each dispute, by batch and culprit.
  const std::map<std::pair<uint64_t, uint32_t>, std::vector<Command>>& disputes() const {
    return disputes_;
  }
  // An operator has resolved it.
  void Resolve(uint64_t batch, uint32_t culprit) { EmitDispute(batch, culprit, true); }

 private:
  void Emit(Event event);
  void EmitSigned(Event accepted, const InstrumentDefinedEvent& terms, int64_t fee);
  void TakeStatus(const Command& command);
  void TakeDispute(const Command& command);
  void EmitDispute(uint64_t batch, uint32_t culprit, bool resolved);
  void Reject(const Command& command, uint64_t index);

  const uint64_t chain_id_;
  FaultPlan* const faults_;
  std::vector<Event> log_;
  std::map<std::pair<uint32_t, uint16_t>, __int128> balances_;
  std::map<uint32_t, InstrumentDefinedEvent> instruments_;
  std::vector<Rejection> rejections_;
  std::vector<BatchStatusCommand> statuses_;
  std::map<std::pair<uint64_t, uint32_t>, std::vector<Command>> disputes_;
  uint64_t deposits_ = 0;
  uint64_t withdraws_ = 0;
  uint64_t batches_ = 0;
  uint64_t trades_ = 0;
  std::optional<OrderDomain> domain_;
  std::function<const PrivateKey*(uint32_t)> key_of_;
  uint64_t client_sequence_ = 0;
  uint64_t nonce_ = 0;
};

// The store in memory, with a crash before and after every write.
class MemoryStore final : public KeyValueStore {
 public:
  explicit MemoryStore(FaultPlan* faults) : faults_(faults) {}

  absl::Status Write(const StoreWrite& write) override;
  absl::Status Visit(std::string_view prefix, const Visitor& visitor) override;
  void Clear() { rows_.clear(); }
  const std::map<std::string, std::string>& rows() const { return rows_; }

 private:
  FaultPlan* faults_;
  std::map<std::string, std::string> rows_;
};

}  // namespace tally::settlement
