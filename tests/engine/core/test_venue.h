#pragma once

// A core with a small venue in it and verbs for tests. After every command it checks what must
// always hold: conservation, contiguous numbers, nothing held without an order.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/core/core.h"

namespace tally {

inline constexpr AssetId kBtc{0};
inline constexpr AssetId kUsd{1};
inline constexpr AccountId kAlice{1};
inline constexpr AccountId kBob{2};
inline constexpr AccountId kFees{9};
inline constexpr InstrumentId kBtcUsd{1};
inline constexpr InstrumentId kOtherInstrument{2};  // Of tests that need two.
inline constexpr uint16_t kMakerGroup = 5;
inline constexpr int64_t kStartBalance = 1'000'000'000;  // Of Alice and Bob, in each asset.

class CollectingSink final : public EventSink {
 public:
  void Append(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

// Small, so that limits can be reached.
CoreLimits SmallLimits();

// Quote per lot and tick: 10 quanta, base per lot: 1000 quanta; maker 100, taker 200 (1e-6).
DefineInstrumentCommand BtcUsdTerms();

struct OrderOptions {
  OrderType type = OrderType::kLimit;
  TimeInForce time_in_force = TimeInForce::kGtc;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kNone;
  uint8_t flags = 0;
  uint64_t client_order_id = 0;  // 0: the session's last one + 1.
};

class TestVenue {
 public:
  explicit TestVenue(const CoreLimits& limits = SmallLimits());

  // Defines the assets, the accounts, BTC/USD, a session for Alice and one for Bob, and gives each
  // a million of lots and quote.
  void SetUp();

  // Applies the command with the next sequence; its events are in `events` until the next one.
  const std::vector<Event>& Send(Command command);

  Command FromSession(SessionIndex session, CommandType type);
  Command OrderCommand(SessionIndex session, Side side, int64_t price, int64_t quantity,
                       const OrderOptions& options = {});

  void DefineAsset(AssetId asset, const char* symbol);
  void DefineAccount(AccountId account, bool enabled = true);
  void DefineInstrument(InstrumentId instrument, const DefineInstrumentCommand& terms);
  SessionIndex Open(AccountId account, uint64_t session_id, uint8_t key = 7);
  void Deposit(AccountId account, AssetId asset, int64_t amount);

  // The order id, or 0 if it was rejected.
  OrderId Order(SessionIndex session, Side side, int64_t price, int64_t quantity,
                const OrderOptions& options = {});
  void Cancel(SessionIndex session, OrderId order);
  void Replace(SessionIndex session, OrderId order, int64_t price, int64_t quantity);
  void MassCancel(SessionIndex session, MassCancelScope scope, MassCancelTrigger trigger);

  int64_t available(AccountId account, AssetId asset) const;
  int64_t held(AccountId account, AssetId asset) const;
  // Of the first event of a reject type in `events`, else kNone.
  RejectReason reject_reason() const;
  const Event* FindEvent(EventType type) const;
  // E.g. "Accepted Filled Filled Trade BookTop".
  std::string EventTypes() const;

  core::Core core;
  std::vector<Event> events;  // Of the last command.
  std::vector<Event> all_events;
  std::vector<Command> commands;  // As they were applied.
  OrderId last_order_id{};        // Accepted.
  SessionIndex alice{};
  SessionIndex bob{};
  int64_t time_ns = 1'000;

 private:
  void CheckInvariants();
  void CheckConservation() const;

  std::map<AssetId, int64_t> deposited_;  // Minus withdrawn.
  std::map<SessionIndex, uint64_t> report_sequences_;
  uint64_t event_sequence_ = 0;
  uint64_t deposit_index_ = 0;
};

}  // namespace tally
