#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "base/types.h"
#include "engine/event.h"
#include "settlement/netting/executions.h"
#include "settlement/netting/netting_window.h"
#include "settlement/relayer/key_value_store.h"

namespace tally::settlement {

// The open orders that were signed: engine order id -> EIP-712 order, its signature, and where its
// executions begin. A function of the event log alone; the store only saves reading it again.
//
// Thread safety: one thread.
// Invariants: holds open orders only (bounded by the engine's own limit); an order that is filled
// or canceled leaves at once, what it traded in an unsettled batch is in the ExecutionWindow.
// Cost: one hash look-up per order event, nothing for others. About 250 bytes per open order.
class OrderArchive {
 public:
  // Takes the next event of the log. A fill must go to the ExecutionWindow before it comes here.
  // kFailedPrecondition for a signed order of an instrument never defined.
  absl::Status Apply(const Event& event, const InstrumentTerms& terms);

  // Terms under which the order trades now; an `order` of null if nobody signed it.
  ExecutionWindow::Authority AuthorityOf(OrderId order) const;

  std::size_t order_count() const { return live_.size(); }

  // Adds what changed since the last call (or Load) to a write.
  void AppendChanges(StoreWrite* write);
  // Starts from what the store has. kDataLoss if a record cannot be understood.
  absl::Status Load(KeyValueStore* store);

 private:
  struct Live {
    SignedOrder order;
    uint64_t version = 0;  // Sequence of the event that gave the order these terms.
    QuantityLots cumulative_before{};
    bool is_stored = false;
  };
  // A signature whose order has not come yet: it is the session's next command or never comes.
  struct Pending {
    ClientOrderId client_order_id{};
    uint64_t client_sequence = 0;
    SignedOrder order;
    bool is_complete = false;
  };

  void TakeSigned(const Event& event);
  void TakeSignature(const Event& event);
  // What the session signed for the order that `event` reports; the signature is used up.
  std::optional<SignedOrder> Claim(const Event& event);
  absl::Status Authorize(const Event& event, PriceTicks price, QuantityLots quantity,
                         const InstrumentTerms& terms);
  void Forget(OrderId order);

  static std::string Encode(const Live& live);
  std::string EncodePending() const;
  absl::Status LoadOrder(std::string_view key, std::string_view value);
  absl::Status LoadPending(std::string_view value);

  absl::flat_hash_map<uint64_t, Live> live_;        // By engine order id.
  absl::flat_hash_map<uint32_t, Pending> pending_;  // By session.
  std::vector<uint64_t> changed_;
  std::vector<uint64_t> dead_;  // Stored, to be deleted.
  bool is_pending_stored_ = false;
};

// Whether an honest engine, whose amounts have 63 bits, can have traded this. The watcher asks
// before it computes with what a log says.
bool IsPlausibleAmount(const InstrumentDefinedEvent& terms, PriceTicks price,
                       QuantityLots quantity);

// The members of an order with its signature, 130 bytes, for records of the store.
void AppendOrderRecord(std::string* out, const SignedOrder& order);
// Reads fixed-width fields of a record; after the first that is missing all are zero.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t U64(std::size_t width = 8);
  unsigned __int128 U128();
  Hash32 Hash();
  SignedOrder Order();
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};
void AppendRecord(std::string* out, uint64_t value, std::size_t width = 8);
void AppendRecord128(std::string* out, unsigned __int128 value);

}  // namespace tally::settlement
