#include "settlement/relayer/dispute_teller.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/quarantine.h"

namespace tally::settlement {
namespace {

constexpr std::size_t kStepsInFlightMax = 256;

Command StepOf(const Owed& owed, DisputeAction action) {
  Command command = MakeCommand(CommandType::kDispute);
  command.dispute.batch_id = owed.batch;
  command.dispute.culprit = owed.account;
  command.dispute.action = action;
  return command;
}

// What accounts got, in the order of accounts and assets.
absl::StatusOr<std::vector<Command>> Holds(const Owed& owed) {
  ASSIGN_OR_RETURN(std::vector<NettedEntry> entries, DecodeEntries(owed.data));
  std::map<std::pair<AccountId, uint32_t>, __int128> got;
  for (const NettedEntry& entry : entries) {
    const uint32_t even = 2U * Raw(entry.pair);
    got[{entry.account, even}] += entry.even;
    got[{entry.account, even + 1}] += entry.odd;
  }
  std::vector<Command> steps;
  for (const auto& [place, amount] : got) {
    if (amount <= 0) {
      continue;
    }
    Command command = StepOf(owed, DisputeAction::kHold);
    command.account = place.first;
    command.dispute.asset = static_cast<AssetId>(place.second);
    command.dispute.amount = {static_cast<int64_t>(amount)};
    steps.push_back(command);
  }
  return steps;
}

Command Break(const Owed& owed, const Event& fill) {
  Command command = StepOf(owed, DisputeAction::kBreakTrade);
  command.account = fill.account;
  command.instrument = fill.instrument;
  command.dispute.trade_id = fill.filled.trade_id;
  command.dispute.order_id = fill.order_id;
  command.dispute.client_order_id = fill.client_order_id;
  command.dispute.price = fill.filled.price;
  command.dispute.quantity = fill.filled.quantity;
  command.dispute.session = fill.session;
  command.dispute.side = fill.side;
  return command;
}

}  // namespace

void NoteDispute(const Event& event, DisputeProgresses* progresses) {
  if (event.type == EventType::kDispute) {
    (*progresses)[{event.dispute.batch_id, event.dispute.culprit}] = {
        .steps = event.dispute.steps, .resolved = event.dispute.resolved != 0};
  } else if (event.type == EventType::kTradeBroken) {
    (*progresses)[{event.trade_broken.batch_id, event.trade_broken.culprit}].steps =
        event.trade_broken.step;
  }
}

absl::StatusOr<std::vector<Command>> DisputeSteps(const Owed& owed, EventSource* events) {
  ASSIGN_OR_RETURN(std::vector<Command> steps, Holds(owed));
  const std::set<TradeId> trades(owed.trades.begin(), owed.trades.end());
  RETURN_IF_ERROR(ForEachEvent(
      events, {.first_event = owed.first_event, .last_event = owed.last_event},
      [&](const Event& event) {
        if (event.type == EventType::kOrderFilled && trades.count(event.filled.trade_id) > 0) {
          steps.push_back(Break(owed, event));
        }
        return absl::OkStatus();
      }));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i].dispute.step = static_cast<uint32_t>(i + 1);
  }
  return steps;
}

absl::Status DisputeTeller::Step(const std::map<std::pair<uint64_t, AccountId>, Owed>& owed,
                                 const DisputeProgresses& progresses) {
  std::erase_if(tellings_, [&](const auto& item) { return owed.count(item.first) == 0; });
  is_idle_ = true;
  for (const auto& [place, record] : owed) {
    if (record.trades.empty()) {
      continue;  // Of a version that opened no disputes.
    }
    auto at = tellings_.find(place);
    if (at == tellings_.end()) {
      ASSIGN_OR_RETURN(std::vector<Command> steps, DisputeSteps(record, dependencies_.events));
      at = tellings_.emplace(place, Telling{.steps = std::move(steps)}).first;
    }
    const auto progress = progresses.find(place);
    if (progress != progresses.end() && progress->second.resolved) {
      continue;
    }
    RETURN_IF_ERROR(Tell(&at->second, progress == progresses.end() ? 0 : progress->second.steps));
  }
  return absl::OkStatus();
}

// Steps behind those that the log shows, a window at a time; the window again if nothing moves. At
// first only the first step: its answer tells how far an earlier process came.
absl::Status DisputeTeller::Tell(Telling* telling, std::size_t taken) {
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (taken > telling->known || telling->sent == 0 ||
      now_ns - telling->moved_at_ns >= config_.resubmit_ns) {
    telling->sent = taken > telling->known ? std::max(telling->sent, taken) : taken;
    telling->known = taken;
    telling->moved_at_ns = now_ns;
  }
  if (taken >= telling->steps.size()) {
    return absl::OkStatus();
  }
  is_idle_ = false;
  const std::size_t window = taken == 0 ? 1 : kStepsInFlightMax;
  const std::size_t end = std::min(telling->steps.size(), taken + window);
  for (; telling->sent < end; ++telling->sent) {
    RETURN_IF_ERROR(dependencies_.engine->Submit(telling->steps[telling->sent]));
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
