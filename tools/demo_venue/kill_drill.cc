#include "tools/demo_venue/kill_drill.h"

#include <algorithm>

#include "base/clock.h"
#include "base/status.h"

namespace tally::demo {
namespace {

constexpr PriceTicks kFarPrice{100};  // One dollar.
constexpr QuantityLots kFarQuantity{kBtcQuanta / 1'000};
constexpr int kRecoveryMs = 60'000;

absl::StatusOr<sdk::CommandTicket> SendFarOrder(Session* session) {
  ASSIGN_OR_RETURN(const sdk::CommandTicket ticket,
                   session->client().NewOrder({.instrument = kBtcUsd,
                                               .side = Side::kBuy,
                                               .price = kFarPrice,
                                               .quantity = kFarQuantity}));
  session->Track(ticket, 0);
  return ticket;
}

absl::Status CancelAll(SessionPool* pool, KillResult* result) {
  pool->on_answer = [result](const Sent&, const sdk::Report& report) {
    result->canceled += report.type == sdk::ReportType::kCanceled ? 1 : 0;
  };
  for (const auto& [account, order] : result->placed) {
    Session& session = pool->session(account);
    ASSIGN_OR_RETURN(const sdk::CommandTicket ticket,
                     session.client().Cancel({.client_order_id = order}));
    session.Track(ticket, 0);
    session.client().Poll();
  }
  return pool->PumpUntil([&] { return pool->unanswered() == 0; }, kRecoveryMs,
                         "the cancels after the restart");
}

}  // namespace

absl::StatusOr<KillResult> RunKillDrill(SessionPool* pool, EngineProcess* engine, uint32_t orders) {
  KillResult result{.orders = orders};
  const uint64_t resent_before = pool->commands_resent();
  pool->on_answer = [&result](const Sent&, const sdk::Report& report) {
    result.accepted += report.type == sdk::ReportType::kAccepted ? 1 : 0;
  };
  for (uint32_t account = 1; account <= orders; ++account) {
    Session& session = pool->session(AccountId{account});
    ASSIGN_OR_RETURN(const sdk::CommandTicket ticket, SendFarOrder(&session));
    result.placed.emplace_back(session.account(), ticket.client_order_id);
  }
  for (uint32_t account = 1; account <= orders; ++account) {
    pool->session(AccountId{account}).client().Poll();  // Writes it to the socket.
  }
  result.in_flight = pool->unanswered();
  const int64_t killed_ns = MonotonicNs();
  engine->Kill();

  // Each client has to notice before "live" means the new engine.
  RETURN_IF_ERROR(pool->PumpUntil([&] { return pool->live() == 0; }, kRecoveryMs,
                                  "the sessions to notice the kill"));
  ASSIGN_OR_RETURN(const EngineReady ready, engine->Start());
  result.recovered_commands = ready.recovered_commands;
  result.recovery_ms = ready.recovery_ms;
  RETURN_IF_ERROR(pool->PumpUntil([&] { return pool->live() > 0; }, kRecoveryMs,
                                  "the first logon after the restart"));
  result.outage_ns = MonotonicNs() - killed_ns;
  RETURN_IF_ERROR(
      pool->PumpUntil([&] { return pool->live() == pool->size() && pool->unanswered() == 0; },
                      kRecoveryMs, "the answers to what was in flight at the kill"));
  result.all_back_ns = MonotonicNs() - killed_ns;
  result.resent = pool->commands_resent() - resent_before;
  RETURN_IF_ERROR(CancelAll(pool, &result));
  return result;
}

}  // namespace tally::demo
