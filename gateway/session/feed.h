#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "engine/event.h"
#include "gateway/engine_link.h"
#include "gateway/session/connection.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// An instrument as market data knows it, with its subscribers.
struct FeedInstrument {
  wire::InstrumentDef definition;
  BookTopEvent top{};
  int64_t top_ns = 0;  // Engine time of `top`; 0 if it was recovered.
  bool has_top = false;
  std::vector<Connection*> bbo_subscribers;
  std::vector<Connection*> trade_subscribers;
};

// Who gets which public event.
//
// Thread safety: none. Invariant: a connection is in a list at most once, and in none after Remove.
// Cost: Subscribe is linear in the subscribers of the instrument.
class Feed {
 public:
  Feed(const std::vector<wire::InstrumentDef>& definitions,
       const std::vector<RecoveredBook>& books);

  uint32_t size() const { return static_cast<uint32_t>(instruments_.size()); }
  FeedInstrument& at(uint32_t position) { return instruments_[position]; }
  // The position of an instrument; size() if it is not known.
  uint32_t Find(InstrumentId instrument) const;

  void Subscribe(Connection* connection, uint32_t position, uint8_t kinds);
  void Unsubscribe(Connection* connection, uint32_t position, uint8_t kinds);
  void Remove(Connection* connection);

 private:
  std::vector<FeedInstrument> instruments_;
  absl::flat_hash_map<uint32_t, uint32_t> positions_;
};

}  // namespace tally::gateway
