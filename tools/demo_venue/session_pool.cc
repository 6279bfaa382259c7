#include "tools/demo_venue/session_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"

namespace tally::demo {
namespace {

constexpr int64_t kTimersNs = 20'000'000;
constexpr int kLogonMs = 30'000;

}  // namespace

bool IsReject(sdk::ReportType type) {
  return type == sdk::ReportType::kRejected || type == sdk::ReportType::kCancelReject ||
         type == sdk::ReportType::kCommandRejected;
}

void Session::Track(const sdk::CommandTicket& ticket, uint64_t tag) {
  waiting_.push_back({ticket.client_sequence, tag, MonotonicNs()});
  ++pool_->counts_.sent;
}

void Session::OnReport(const sdk::Report& report) {
  PoolCounts& counts = pool_->counts_;
  counts.report_gaps += report.sequence == last_report_ + 1 ? 0 : 1;
  last_report_ = report.sequence;
  counts.fills += report.type == sdk::ReportType::kFill ? 1 : 0;
  if (report.answers) {
    if (waiting_.empty() || waiting_.front().client_sequence != report.client_sequence) {
      ++counts.unexpected_answers;
      return;
    }
    const Sent sent = waiting_.front();
    waiting_.pop_front();
    ++counts.answered;
    if (IsReject(report.type)) {
      ++counts.rejects[report.code];
    }
    if (pool_->measure) {
      pool_->latencies_ns_.push_back(MonotonicNs() - sent.sent_ns);
    }
    pool_->on_answer(sent, report);
  }
  pool_->on_report(report);
}

absl::Status SessionPool::Open(uint16_t port, const std::vector<sdk::SigningKey>& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const AccountId account{static_cast<uint32_t>(i + 1)};
    auto session = std::make_unique<Session>(this, account);
    ASSIGN_OR_RETURN(session->client_, sdk::Client::Create({.port = port,
                                                            .key_id = Raw(account),
                                                            .key = keys[i],
                                                            .session_id = 1,
                                                            .reconnect_ms_min = 20,
                                                            .reconnect_ms_max = 200},
                                                           session.get()));
    RETURN_IF_ERROR(session->client_->Start());
    sessions_.push_back(std::move(session));
  }
  return PumpUntil([this] { return live() == size(); }, kLogonMs, "all sessions to log on");
}

void SessionPool::Close() {
  for (const auto& session : sessions_) {
    session->client().Close(/*keep_orders=*/true);
  }
  static_cast<void>(PumpUntil(
      [this] {
        return std::ranges::all_of(sessions_, [](const auto& session) {
          return session->client().state() == sdk::ClientState::kClosed;
        });
      },
      2'000, "all sessions to log out"));
}

absl::Status SessionPool::Pump(int timeout_ms) {
  sockets_.clear();
  for (const auto& session : sessions_) {
    const sdk::Client& client = session->client();
    const int events = POLLIN | (client.wants_write() ? POLLOUT : 0);
    sockets_.push_back({.fd = client.fd(), .events = static_cast<int16_t>(events), .revents = 0});
  }
  poll(sockets_.data(), sockets_.size(), timeout_ms);
  const int64_t now_ns = MonotonicNs();
  const bool run_timers = now_ns - timers_ns_ >= kTimersNs;
  timers_ns_ = run_timers ? now_ns : timers_ns_;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    sdk::Client& client = sessions_[i]->client();
    if (run_timers || sockets_[i].revents != 0) {
      client.Poll();
    }
    if (client.state() == sdk::ClientState::kFailed) {
      return Annotate(client.status(),
                      absl::StrCat("session of account ", Raw(sessions_[i]->account())));
    }
  }
  return absl::OkStatus();
}

absl::Status SessionPool::PumpUntil(const std::function<bool()>& done, int timeout_ms,
                                    const char* what) {
  const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  while (!done()) {
    if (MonotonicNs() >= deadline_ns) {
      return absl::DeadlineExceededError(
          absl::StrCat("waited ", timeout_ms / 1'000, " s for ", what, ": ", live(), " of ", size(),
                       " sessions are live, ", unanswered(), " commands unanswered"));
    }
    RETURN_IF_ERROR(Pump(10));
  }
  return absl::OkStatus();
}

std::size_t SessionPool::live() const {
  return static_cast<std::size_t>(std::ranges::count_if(sessions_, [](const auto& session) {
    return session->client_->state() == sdk::ClientState::kLive;
  }));
}

uint64_t SessionPool::commands_resent() const {
  uint64_t total = 0;
  for (const auto& session : sessions_) {
    total += session->client_->stats().commands_resent;
  }
  return total;
}

}  // namespace tally::demo
