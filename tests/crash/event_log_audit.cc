#include "tests/crash/event_log_audit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/clock.h"

namespace tally {
namespace {

constexpr std::size_t kEventsAtOnce = 4'096;
constexpr int64_t kPatienceNs = 20'000'000'000;  // The log follows what was released at once.

}  // namespace

EventLogAudit::EventLogAudit(const std::string& directory, std::vector<AuditedSession> sessions)
    : reader_(directory) {
  for (const AuditedSession& session : sessions) {
    sessions_.push_back({.who = session});
  }
}

bool EventLogAudit::Complete() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const State& state) {
    return state.reports >= state.who.view->reports().size();
  });
}

void EventLogAudit::ReadOn() {
  std::vector<Event> events(kEventsAtOnce, MakeEvent(EventType::kTrade));
  const int64_t deadline_ns = MonotonicNs() + kPatienceNs;
  for (;;) {
    const auto count = reader_.ReadFrom(EventSequence{events_ + 1}, events);
    if (!count.ok()) {
      fault_ = count.status().ToString();
      return;
    }
    for (std::size_t i = 0; i < *count && fault_.empty(); ++i) {
      Take(events[i]);
    }
    if (!fault_.empty() || (*count == 0 && Complete())) {
      return;
    }
    if (MonotonicNs() > deadline_ns) {
      fault_ = absl::StrCat(
          "a client has seen reports that are not in the event log, which ends at ", events_);
      return;
    }
  }
}

void EventLogAudit::Fail(const std::string& what, const Event& event) {
  if (fault_.empty()) {
    fault_ = absl::StrCat("event ", Raw(event.sequence), " of command ",
                          Raw(event.command_sequence), ": ", what);
  }
}

void EventLogAudit::Take(const Event& event) {
  if (Raw(event.sequence) != ++events_) {
    Fail("is not the next one", event);
  }
  if (event.type == EventType::kSessionOpened) {
    for (State& state : sessions_) {
      if (state.who.account == event.account &&
          state.who.session_id == event.session_opened.session_id) {
        by_index_[event.session] = &state;
      }
    }
  } else if (event.report_sequence != 0) {
    TakeReport(event);
  } else if (event.type == EventType::kDeposited || event.type == EventType::kWithdrawn ||
             event.type == EventType::kWithdrawRefused) {
    TakeTransfer(event);
  } else if (event.type == EventType::kDuplicateCommand) {
    Fail("a command was journaled twice", event);
  }
}

void EventLogAudit::TakeReport(const Event& event) {
  const auto found = by_index_.find(event.session);
  if (found == by_index_.end()) {
    return Fail("goes to a session that nobody opened", event);
  }
  State& state = *found->second;
  const std::string& name = state.who.view->name();
  if (event.report_sequence != ++state.reports) {
    return Fail(absl::StrCat(name, ": report ", event.report_sequence, " is not the next"), event);
  }
  if (event.client_sequence != 0) {
    // Commands are answered in their order and none is left out.
    if (event.client_sequence != state.client_sequence &&
        event.client_sequence != state.client_sequence + 1) {
      return Fail(absl::StrCat(name, ": answers ", event.client_sequence), event);
    }
    state.client_sequence = event.client_sequence;
  }
  const auto& reports = state.who.view->reports();
  if (event.report_sequence > reports.size()) {
    --state.reports;  // On its way to the client: compared next time.
    return Fail(absl::StrCat(name, ": report ", event.report_sequence,
                             " did not reach its client, who has ", reports.size()),
                event);
  }
  const std::string difference = DifferenceFrom(event, reports[event.report_sequence - 1]);
  if (!difference.empty()) {
    Fail(absl::StrCat(name, ": differs from the client's report:", difference), event);
  }
}

void EventLogAudit::TakeTransfer(const Event& event) {
  AssetTotals& account = transferred_[Raw(event.account)];
  int64_t& total = account.at(Raw(event.transfer.asset));
  const bool deposit = event.type == EventType::kDeposited;
  uint64_t& count = deposit ? deposits_ : withdrawals_;
  if (event.transfer.index != ++count) {
    Fail(absl::StrCat("transfer ", event.transfer.index, " is not the next"), event);
  }
  if (deposit) {
    total += event.transfer.amount.value;
  } else if (event.type == EventType::kWithdrawn) {
    total -= event.transfer.amount.value;
  }
}

}  // namespace tally
