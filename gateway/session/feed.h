#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "engine/event.h"
#include "gateway/engine_link.h"
#include "gateway/session/connection.h"
#include "gateway/session/public_book.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// The bits of Subscribe.kinds.
inline constexpr uint8_t kFeedBbo = static_cast<uint8_t>(wire::FeedKind::BBO);
inline constexpr uint8_t kFeedTrades = static_cast<uint8_t>(wire::FeedKind::TRADES);
inline constexpr uint8_t kFeedPhase = static_cast<uint8_t>(wire::FeedKind::PHASE);
inline constexpr uint8_t kFeedIndicative = static_cast<uint8_t>(wire::FeedKind::INDICATIVE);
inline constexpr uint8_t kFeedLevels = static_cast<uint8_t>(wire::FeedKind::LEVELS);
inline constexpr uint8_t kFeedOrders = static_cast<uint8_t>(wire::FeedKind::ORDERS);
inline constexpr std::size_t kFeedKinds = 6;

// An instrument as market data knows it, with its subscribers.
struct FeedInstrument {
  wire::InstrumentDef definition;
  BookTopEvent top{};
  int64_t top_ns = 0;  // Engine time of `top`; 0 if it was recovered.
  bool has_top = false;
  bool has_indicative = false;
  Event phase{};       // The last kPhaseChanged; continuous trading before the first.
  Event indicative{};  // The last kIndicative of the call that runs.
  PublicBook book;
  std::array<std::vector<Connection*>, kFeedKinds> subscribers;

  // `kind` is one bit.
  std::vector<Connection*>& subscribers_of(uint8_t kind) {
    return subscribers[static_cast<std::size_t>(std::countr_zero(kind))];
  }
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

  // Returns the kinds that the connection did not have yet.
  uint8_t Subscribe(Connection* connection, uint32_t position, uint8_t kinds);
  void Unsubscribe(Connection* connection, uint32_t position, uint8_t kinds);
  void Remove(Connection* connection);

 private:
  std::vector<FeedInstrument> instruments_;
  absl::flat_hash_map<uint32_t, uint32_t> positions_;
};

}  // namespace tally::gateway
