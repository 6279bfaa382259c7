#include "tools/demo_venue/flow_player.h"

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "tools/demo_venue/settings.h"

namespace tally::demo {
namespace {

using flow::FlowAction;
using flow::FlowStep;

constexpr int kAnswerMs = 20'000;

absl::StatusOr<sdk::CommandTicket> SendStep(const FlowStep& step, OrderId order,
                                            sdk::Client* client) {
  switch (step.action) {
    case FlowAction::kNew:
      return client->NewOrder({.instrument = kBtcUsd,
                               .side = step.side,
                               .price = step.price,
                               .quantity = step.quantity,
                               .self_trade_prevention = SelfTradePrevention::kNone});
    case FlowAction::kCancel:
      return client->Cancel({.order_id = order});
    case FlowAction::kReplace:
      return client->Replace(
          {.target = {.order_id = order}, .price = step.price, .quantity = step.quantity});
  }
  return absl::InternalError("a step without an action");
}

}  // namespace

FlowPlayer::FlowPlayer(SessionPool* pool, Market* market, DepthMap* depth, std::size_t window)
    : pool_(pool), market_(market), depth_(depth), window_(window) {}

absl::Status FlowPlayer::Play(std::span<const FlowStep> steps, int64_t depth_interval_ms,
                              Console* console) {
  pool_->on_answer = [this](const Sent& sent, const sdk::Report& report) {
    OnAnswer(sent, report);
  };
  pool_->on_report = [this](const sdk::Report& report) { market_->OnReport(report); };
  const int64_t started_ns = MonotonicNs();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const FlowStep& step = steps[i];
    if (!MaySend(step)) {
      RETURN_IF_ERROR(
          pool_->PumpUntil([&] { return MaySend(step); }, kAnswerMs, "answers of the engine"));
    }
    market_->SetTime(step.time_ms);
    if (!step.seed && step.time_ms >= next_sample_ms_) {
      market_->SampleDepth(depth_);
      next_sample_ms_ = step.time_ms + depth_interval_ms;
    }
    RETURN_IF_ERROR(Send(step));
    if (i % 64 == 0) {
      const int64_t rate = static_cast<int64_t>(i) * 1'000'000'000 /
                           std::max<int64_t>(1, MonotonicNs() - started_ns);
      console->Progress(absl::StrCat(Grouped(i), " of ", Grouped(steps.size()), " commands, ",
                                     Grouped(static_cast<uint64_t>(rate)), "/s, ",
                                     Grouped(pool_->counts().fills), " fill reports"));
    }
  }
  return pool_->PumpUntil([this] { return in_flight_.empty(); }, kAnswerMs,
                          "the last answers of the flow");
}

bool FlowPlayer::MustGoAlone(const FlowStep& step) const {
  return step.action == FlowAction::kReplace ||
         (step.action == FlowAction::kNew && market_->MightTrade(step.side, step.price));
}

bool FlowPlayer::MaySend(const FlowStep& step) const {
  if (in_flight_.empty()) {
    return true;
  }
  return !alone_ && in_flight_.size() < window_ && !MustGoAlone(step) &&
         !in_flight_.contains(step.order) &&
         (step.action != FlowAction::kNew ||
          !levels_in_flight_.contains({step.side, step.price.value}));
}

absl::Status FlowPlayer::Send(const FlowStep& step) {
  OrderId order{};
  if (step.action != FlowAction::kNew) {
    const std::optional<OrderId> found = market_->FindOrder(step.order);
    if (!found.has_value()) {
      return absl::InternalError(
          absl::StrCat("order ", step.order, " of the recording was never accepted"));
    }
    order = *found;
  }
  alone_ = MustGoAlone(step);
  sent_alone_ += alone_ ? 1 : 0;
  const Level level{step.side, step.price.value};
  in_flight_[step.order] = {step.action, level};
  if (step.action == FlowAction::kNew) {
    levels_in_flight_.insert(level);
    market_->Send(step);
  }
  Session& session = pool_->session(step.account);
  ASSIGN_OR_RETURN(const sdk::CommandTicket ticket, SendStep(step, order, &session.client()));
  session.Track(ticket, step.order);
  session.client().Poll();
  return absl::OkStatus();
}

void FlowPlayer::OnAnswer(const Sent& sent, const sdk::Report& report) {
  const auto found = in_flight_.find(sent.tag);
  if (found == in_flight_.end()) {
    return;
  }
  if (found->second.action == FlowAction::kNew) {
    levels_in_flight_.erase(found->second.level);
    if (IsReject(report.type)) {
      market_->Reject(sent.tag);
    } else {
      market_->Accept(sent.tag, report.order_id);
    }
  }
  in_flight_.erase(found);
  alone_ = false;
}

}  // namespace tally::demo
