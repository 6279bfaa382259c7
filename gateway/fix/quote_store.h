#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "engine/reject_reason.h"
#include "gateway/fix/session_records.h"

namespace tally::gateway::fix {

// One entry of a mass quote: what was asked, and once it is answered what became of it. Without
// padding: its bytes go to the session's log.
struct QuoteEntry {
  PriceTicks bid_price;
  PriceTicks ask_price;
  QuantityLots bid_lots;  // Asked; once answered what is open.
  QuantityLots ask_lots;
  OrderId bid_order{};
  OrderId ask_order{};
  uint64_t canceled = 0;  // Of a quote cancel: orders.
  InstrumentId instrument{};
  uint16_t level = 0;
  uint16_t set = 0;  // Of MassQuote::sets.
  RejectReason reason = RejectReason::kNone;
  RejectReason bid_reason = RejectReason::kNone;
  RejectReason ask_reason = RejectReason::kNone;
  uint16_t reserved = 0;
};
static_assert(std::has_unique_object_representations_v<QuoteEntry>);

// A MassQuote or QuoteCancel of which not every command is answered yet.
struct MassQuote {
  MassQuoteRecord record;
  std::vector<QuoteEntry> entries;
  std::vector<std::string> sets;  // QuoteSetIDs.

  uint64_t end() const { return record.first_client_sequence + entries.size(); }
};

// The quotes of one session: the orders that are open of them, and the messages that are not
// answered yet.
//
// Thread safety: none. Pointers to orders stay valid until the next Put, those to messages until
// the next Add or PopFirst.
class QuoteStore {
 public:
  const QuoteOrderRecord* FindOrder(OrderId id) const;
  // Keeps the order, or forgets it if it is done.
  void PutOrder(const QuoteOrderRecord& order);

  // Messages come in the order of their commands, and are answered in it.
  void Add(MassQuote quote) { waiting_.push_back(std::move(quote)); }
  MassQuote* Find(uint64_t client_sequence);
  void PopFirst() { waiting_.pop_front(); }
  // Those whose first command is this one or a later one never reached the core.
  void RemoveFrom(uint64_t client_sequence);

  template <typename Visit>
  void ForEachOrder(Visit&& visit) const {
    for (const auto& [id, order] : orders_) {
      visit(order);
    }
  }
  const std::deque<MassQuote>& waiting() const { return waiting_; }

 private:
  absl::flat_hash_map<uint64_t, QuoteOrderRecord> orders_;
  std::deque<MassQuote> waiting_;
};

// To and from what the log keeps of them.
MassQuoteRecord RecordOf(const MassQuote& quote);
MassQuote FromRecord(MassQuoteRecord record);

}  // namespace tally::gateway::fix
