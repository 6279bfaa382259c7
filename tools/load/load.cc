#include "tools/load/load.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <poll.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "sdk/client.h"
#include "tools/load/order_source.h"

namespace tally::load {
namespace {

constexpr int64_t kTimerPollNs = 20 * kNsPerMs;  // How often idle sessions run their timers.
constexpr int kLogonMs = 10'000;

// What every session of a run shares.
struct Run {
  const LoadOptions& options;
  LoadResult result{};
  int64_t measure_from_ns = 0;  // Commands due before are warm-up.
  int64_t first_ns = 0;
  int64_t last_answer_ns = 0;
};

// One session and the commands it waits for.
class Driver final : public sdk::Listener {
 public:
  Driver(Run* run, uint64_t seed) : run_(*run), source_(run->options, seed) {}

  absl::Status Open(const LoadSession& session) {
    ASSIGN_OR_RETURN(client_,
                     sdk::Client::Create({.host = run_.options.host,
                                          .port = run_.options.port,
                                          .key_id = session.key_id,
                                          .key = session.key,
                                          .session_id = session.session_id,
                                          .resume_from = 0,
                                          .cancel_on_disconnect = sdk::CancelOnDisconnect::kSession,
                                          .signing = session.signing},
                                         this));
    return client_->Start();
  }

  // False if the client is full.
  absl::StatusOr<bool> Send(int64_t due_ns, int64_t now_ns) {
    const absl::StatusOr<sdk::CommandTicket> ticket = source_.Send(client_.get());
    if (!ticket.ok()) {
      if (ticket.status().code() == absl::StatusCode::kResourceExhausted) {
        return false;
      }
      return ticket.status();
    }
    waiting_.push_back({ticket->client_sequence, due_ns, now_ns});
    unflushed_ = true;
    ++run_.result.commands_total;
    if (due_ns >= run_.measure_from_ns) {
      run_.first_ns = run_.result.sent == 0 ? now_ns : run_.first_ns;
      ++run_.result.sent;
    }
    return true;
  }

  void OnReport(const sdk::Report& report) override {
    source_.Observe(report);
    run_.result.fills += report.type == sdk::ReportType::kFill ? 1 : 0;
    if (report.answers) {
      CountAnswer(report);
    }
  }

  void Flush() {
    if (unflushed_) {
      unflushed_ = false;
      client_->Poll();
    }
  }

  sdk::Client& client() { return *client_; }
  std::size_t in_flight() const { return waiting_.size(); }

 private:
  struct Waiting {
    uint64_t client_sequence;
    int64_t due_ns;
    int64_t sent_ns;
  };

  // Checks by its own books, not the client's, that answers come once and in order.
  void CountAnswer(const sdk::Report& report) {
    if (waiting_.empty() || waiting_.front().client_sequence != report.client_sequence) {
      ++run_.result.answered_twice;
      return;
    }
    const Waiting command = waiting_.front();
    waiting_.pop_front();
    if (command.due_ns < run_.measure_from_ns) {
      return;
    }
    const int64_t now_ns = MonotonicNs();
    run_.last_answer_ns = now_ns;
    run_.result.response_ns.Record(now_ns - command.due_ns);
    run_.result.service_ns.Record(now_ns - command.sent_ns);
    ++run_.result.answered;
    const bool rejected = report.type == sdk::ReportType::kRejected ||
                          report.type == sdk::ReportType::kCancelReject ||
                          report.type == sdk::ReportType::kCommandRejected;
    run_.result.rejected += rejected ? 1 : 0;
  }

  Run& run_;
  OrderSource source_;
  std::unique_ptr<sdk::Client> client_;
  std::deque<Waiting> waiting_;
  bool unflushed_ = false;
};

absl::Status Check(const LoadOptions& options) {
  const LoadMix& mix = options.mix;
  if (options.sessions.empty() || options.port == 0) {
    return absl::InvalidArgumentError("load: at least one session and a port are required");
  }
  if (options.commands_max == 0 && options.duration_ms == 0) {
    return absl::InvalidArgumentError("load: a number of commands or a duration is required");
  }
  if (mix.cancel_percent + mix.replace_percent + mix.aggressive_percent > 100) {
    return absl::InvalidArgumentError("load: the mix is more than 100 percent");
  }
  if (options.price_spread == 0 || options.price.value <= options.price_spread ||
      options.quantity_max.value < 1 || options.open_orders_max == 0 ||
      (options.commands_per_second == 0 && options.window == 0)) {
    return absl::InvalidArgumentError(
        "load: spread, quantity, open orders and window must be positive, the price above the "
        "spread");
  }
  return absl::OkStatus();
}

class Runner {
 public:
  explicit Runner(const LoadOptions& options) : options_(options), run_{.options = options} {}

  absl::StatusOr<LoadResult> Measure() {
    RETURN_IF_ERROR(LogOn());
    const int64_t start_ns = MonotonicNs();
    run_.measure_from_ns = start_ns + options_.warm_up_ms * kNsPerMs;
    end_ns_ = options_.duration_ms == 0 ? INT64_MAX
                                        : run_.measure_from_ns + options_.duration_ms * kNsPerMs;
    next_due_ns_ = start_ns;
    RETURN_IF_ERROR(options_.commands_per_second > 0 ? OpenLoop() : ClosedLoop());
    RETURN_IF_ERROR(Drain());
    return Finish();
  }

 private:
  absl::Status LogOn() {
    for (std::size_t i = 0; i < options_.sessions.size(); ++i) {
      drivers_.push_back(std::make_unique<Driver>(&run_, options_.seed * 1'000'003 + i));
      RETURN_IF_ERROR(drivers_.back()->Open(options_.sessions[i]));
    }
    const int64_t deadline_ns = MonotonicNs() + kLogonMs * kNsPerMs;
    const auto live = [](const auto& driver) {
      return driver->client().state() == sdk::ClientState::kLive;
    };
    while (!std::all_of(drivers_.begin(), drivers_.end(), live)) {
      if (MonotonicNs() > deadline_ns) {
        return absl::DeadlineExceededError("load: not every session could log on");
      }
      RETURN_IF_ERROR(WaitAndPoll(MonotonicNs() + kNsPerMs));
    }
    return absl::OkStatus();
  }

  bool Enough(int64_t due_ns) const {
    return due_ns >= end_ns_ ||
           (options_.commands_max > 0 && run_.result.sent >= options_.commands_max);
  }

  absl::Status OpenLoop() {
    const int64_t start_ns = next_due_ns_;
    uint64_t index = 0;
    bool counted_late = false;
    while (!Enough(next_due_ns_)) {
      const int64_t now_ns = MonotonicNs();
      while (next_due_ns_ <= now_ns && !Enough(next_due_ns_)) {
        ASSIGN_OR_RETURN(const bool sent,
                         drivers_[index % drivers_.size()]->Send(next_due_ns_, now_ns));
        if (!sent) {
          run_.result.late += counted_late ? 0 : 1;
          counted_late = true;
          break;  // Tried again after a poll; it stays due since next_due_ns_.
        }
        counted_late = false;
        ++index;
        // From the start, so that rounding does not add up.
        next_due_ns_ = start_ns + static_cast<int64_t>(static_cast<__int128>(index) * kNsPerSecond /
                                                       options_.commands_per_second);
      }
      FlushSent();
      RETURN_IF_ERROR(WaitAndPoll(counted_late ? now_ns + kNsPerMs : next_due_ns_));
    }
    return absl::OkStatus();
  }

  absl::Status ClosedLoop() {
    while (true) {
      const int64_t now_ns = MonotonicNs();
      if (Enough(now_ns)) {
        return absl::OkStatus();
      }
      for (const auto& driver : drivers_) {
        while (driver->in_flight() < options_.window && !Enough(now_ns)) {
          const int64_t sent_ns = MonotonicNs();
          ASSIGN_OR_RETURN(const bool sent, driver->Send(sent_ns, sent_ns));
          if (!sent) {
            break;
          }
        }
      }
      FlushSent();
      RETURN_IF_ERROR(WaitAndPoll(now_ns + kTimerPollNs));
    }
  }

  absl::Status Drain() {
    const int64_t deadline_ns = MonotonicNs() + options_.drain_ms * kNsPerMs;
    const auto idle = [](const auto& driver) { return driver->in_flight() == 0; };
    while (!std::all_of(drivers_.begin(), drivers_.end(), idle) && MonotonicNs() < deadline_ns) {
      RETURN_IF_ERROR(WaitAndPoll(MonotonicNs() + kNsPerMs));
    }
    return absl::OkStatus();
  }

  LoadResult Finish() {
    LoadResult& result = run_.result;
    for (const auto& driver : drivers_) {
      result.unanswered += driver->in_flight();
      result.throttled += driver->client().stats().throttled;
      result.reconnects += driver->client().stats().logons - 1;
      driver->client().Close(/*keep_orders=*/false);
    }
    result.elapsed_ns = std::max<int64_t>(run_.last_answer_ns - run_.first_ns, 0);
    if (result.elapsed_ns > 0) {
      result.commands_per_second =
          static_cast<double>(result.answered) * 1e9 / static_cast<double>(result.elapsed_ns);
    }
    return std::move(result);
  }

  // Writes what Send has queued.
  void FlushSent() {
    for (const auto& driver : drivers_) {
      driver->Flush();
    }
  }

  // Sleeps until a session has something to do or `until_ns`, then polls.
  absl::Status WaitAndPoll(int64_t until_ns) {
    waits_.clear();
    for (const auto& driver : drivers_) {
      const int events = POLLIN | (driver->client().wants_write() ? POLLOUT : 0);
      waits_.push_back({driver->client().fd(), static_cast<int16_t>(events), 0});
    }
    const int64_t sleep_ns = std::clamp<int64_t>(until_ns - MonotonicNs(), 0, kTimerPollNs);
    const timespec timeout{0, sleep_ns};
    const int ready = ppoll(waits_.data(), waits_.size(), &timeout, nullptr);
    const bool timers = MonotonicNs() - timers_ns_ >= kTimerPollNs;
    timers_ns_ = timers ? MonotonicNs() : timers_ns_;
    for (std::size_t i = 0; i < drivers_.size(); ++i) {
      if ((ready > 0 && waits_[i].revents != 0) || timers) {
        drivers_[i]->client().Poll();
      }
      if (drivers_[i]->client().state() == sdk::ClientState::kFailed) {
        return Annotate(drivers_[i]->client().status(), absl::StrCat("session ", i + 1).c_str());
      }
    }
    return absl::OkStatus();
  }

  const LoadOptions& options_;
  Run run_;
  std::vector<std::unique_ptr<Driver>> drivers_;
  std::vector<pollfd> waits_;
  int64_t next_due_ns_ = 0;
  int64_t end_ns_ = 0;
  int64_t timers_ns_ = 0;
};

}  // namespace

absl::StatusOr<LoadResult> MeasureLoad(const LoadOptions& options) {
  RETURN_IF_ERROR(Check(options));
  return Runner(options).Measure();
}

}  // namespace tally::load
