#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include "base/assert.h"
#include "engine/core/core.h"
#include "gateway/engine_link.h"

namespace tally::gateway {

inline constexpr AssetId kBase{0};
inline constexpr AssetId kQuote{1};
inline constexpr InstrumentId kInstrument{1};
inline constexpr AccountId kAlice{1};
inline constexpr AccountId kBob{2};
inline constexpr AccountId kFees{3};

// An engine without threads and disk: a real core that applies a command while it is published.
// Tests decide when its events are released, what of them the log shows, and when the ring is full.
class SyncEngine final : public EngineLink, public ReportSource, private EventSink {
 public:
  SyncEngine() : core_(Limits()), fd_(::eventfd(0, EFD_NONBLOCK)) {
    CHECK(fd_ >= 0);
    DefineVenue();
    released_ = consumed_ = events_.size();
  }
  ~SyncEngine() override { ::close(fd_); }

  // ---- Faults
  std::size_t room = std::numeric_limits<std::size_t>::max();  // Commands until the ring is full.
  bool release_at_once = true;
  std::size_t log_lag = 0;  // Released events that the log does not show yet.
  absl::Status status;

  void ReleaseAll() { released_ = events_.size(); }
  void ReleaseOne() { released_ = std::min(released_ + 1, events_.size()); }
  bool all_released() const { return released_ == events_.size(); }
  const std::vector<Command>& commands() const { return commands_; }
  const std::vector<Event>& events() const { return events_; }
  const core::Core& core() const { return core_; }

  // Every report of the session, released or not.
  std::vector<Event> ReportsOf(SessionIndex session) const {
    std::vector<Event> reports;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(reports),
                 [&](const Event& e) { return e.session == session && e.report_sequence != 0; });
    return reports;
  }

  RecoveredState Recover() const {
    RecoveredState state;
    for (uint32_t i = 1; i <= core_.session_count(); ++i) {
      const core::Session& s = *core_.session(SessionIndex{i});
      state.sessions.push_back({.index = s.index,
                                .account = s.account,
                                .session_id = s.session_id,
                                .public_key = s.public_key,
                                .last_client_sequence = s.last_client_sequence,
                                .next_report_sequence = s.next_report_sequence,
                                .last_client_order_id = s.last_client_order_id});
    }
    RecoveredBook& book = state.books.emplace_back();
    book = {.instrument = kInstrument,
            .top = core_.book_top(kInstrument),
            .phase = core_.phase(kInstrument),
            .has_deltas = (core_.rules(kInstrument).flags & kRulesFlagBookDelta) != 0,
            .delta_sequence = core_.book_delta_sequence(kInstrument)};
    for (const Side side : {Side::kBuy, Side::kSell}) {
      std::vector<core::DepthOrder> orders(book.has_deltas ? core_.open_order_count() : 0);
      orders.resize(core_.BookOrders(kInstrument, side, orders));
      for (const core::DepthOrder& order : orders) {
        book.orders.push_back({order.id, side, order.price, order.quantity});
      }
    }
    state.batches = core_.BatchStatuses();
    return state;
  }

  // ---- EngineLink
  bool TryPublish(const Command& command) override {
    if (room == 0 || !status.ok()) {
      return false;
    }
    --room;
    Apply(command);
    if (release_at_once) {
      ReleaseAll();
    }
    const uint64_t one = 1;
    CHECK(::write(fd_, &one, sizeof(one)) == sizeof(one));
    return true;
  }
  std::span<const Event> PeekEvents(std::size_t limit) override {
    return std::span<const Event>(events_).subspan(consumed_,
                                                   std::min(limit, released_ - consumed_));
  }
  void ConsumeEvents(std::size_t count) override { consumed_ += count; }
  int event_fd() const override { return fd_; }
  bool ArmEventFd() override {
    uint64_t drained = 0;
    [[maybe_unused]] const auto ignored = ::read(fd_, &drained, sizeof(drained));
    return released_ == consumed_;
  }
  absl::Status health() const override { return status; }
  int64_t next_deadline_ns() const override { return core_.next_deadline_ns(); }

  // ---- ReportSource
  absl::StatusOr<Batch> FindReports(SessionIndex session, uint64_t from,
                                    std::size_t limit) override {
    Batch batch{.events = {}, .next_report_sequence = from};
    for (std::size_t i = 0; i + log_lag < released_ && batch.events.size() < limit; ++i) {
      if (events_[i].session == session && events_[i].report_sequence >= from) {
        batch.events.push_back(events_[i]);
        batch.next_report_sequence = events_[i].report_sequence + 1;
      }
    }
    return batch;
  }
  absl::StatusOr<std::vector<Event>> FindOutcome(SessionIndex session,
                                                 uint64_t client_sequence) override {
    std::vector<Event> outcome;
    for (std::size_t i = 0; i + log_lag < released_; ++i) {
      if (events_[i].session == session && events_[i].client_sequence == client_sequence &&
          events_[i].report_sequence != 0) {
        outcome.push_back(events_[i]);
      }
    }
    return outcome;
  }
  absl::StatusOr<std::vector<Event>> FindEvents(EventSequence from, std::size_t limit) override {
    std::vector<Event> found;
    for (std::size_t i = Raw(from) - 1; i + log_lag < released_ && found.size() < limit; ++i) {
      found.push_back(events_[i]);
    }
    return found;
  }

 private:
  static CoreLimits Limits() {
    return {.assets = 4,
            .instruments = 4,
            .accounts = 16,
            .sessions = 16,
            .open_orders = 4096,
            .open_orders_per_account = 4096};
  }

  void Append(const Event& event) override { events_.push_back(event); }

  void Apply(Command command) {
    command.sequence = CommandSequence{Raw(core_.last_command_sequence()) + 1};
    command.timestamp_ns = static_cast<int64_t>(Raw(command.sequence)) * 1000;
    commands_.push_back(command);
    core_.Apply(command, *this);
  }

  void DefineVenue() {
    for (const AssetId asset : {kBase, kQuote}) {
      Command command = MakeCommand(CommandType::kDefineAsset);
      command.define_asset.symbol = Symbol::From(asset == kBase ? "BTC" : "USD");
      command.define_asset.chain_units_per_quantum = 1;
      command.define_asset.asset = asset;
      Apply(command);
    }
    for (const AccountId account : {kAlice, kBob, kFees}) {
      Command command = MakeCommand(CommandType::kDefineAccount);
      command.account = account;
      command.define_account.enabled = 1;
      Apply(command);
    }
    Command command = MakeCommand(CommandType::kDefineInstrument);
    command.instrument = kInstrument;
    command.define_instrument = {.symbol = Symbol::From("BTC/USD"),
                                 .tick_quanta = {1},
                                 .lot_quanta = {1},
                                 .price_max = {1'000'000},
                                 .quantity_min = {1},
                                 .quantity_max = {1'000'000},
                                 .notional_min = {1},
                                 .notional_max = {1'000'000'000'000},
                                 .maker_fee_hundredths_bp = 0,
                                 .taker_fee_hundredths_bp = 0,
                                 .fee_account = kFees,
                                 .base_asset = kBase,
                                 .quote_asset = kQuote};
    Apply(command);
    uint64_t index = 0;
    for (const AccountId account : {kAlice, kBob}) {
      for (const AssetId asset : {kBase, kQuote}) {
        Command deposit = MakeCommand(CommandType::kDeposit);
        deposit.account = account;
        deposit.chain_transfer.index = ++index;
        deposit.chain_transfer.chain_id = 1;
        deposit.chain_transfer.amount = {1'000'000'000'000};
        deposit.chain_transfer.asset = asset;
        Apply(deposit);
      }
    }
  }

  core::Core core_;
  std::vector<Command> commands_;
  std::vector<Event> events_;
  std::size_t released_ = 0;
  std::size_t consumed_ = 0;
  int fd_;
};

}  // namespace tally::gateway
