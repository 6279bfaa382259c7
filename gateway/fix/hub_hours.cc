// FixHub: the hours of sessions, and the news of their end.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/session_schedule.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr int64_t kNewsOftenNs = 10 * kNsPerSecond;  // In the last minute.
constexpr int64_t kNewsNs = 60 * kNsPerSecond;

}  // namespace

// Whether the session may be logged on now; what has to begin anew with its hours then has.
bool FixHub::EnterHours(Connection* connection, Instant now) {
  FixSession& session = *connection->session;
  const FixSchedule& schedule = session.config.schedule;
  if (!schedule.enabled) {
    return true;
  }
  const auto window = WindowAt(schedule, now.wall_ns);
  if (!window.has_value()) {
    const UtcText opens(NextWindow(schedule, now.wall_ns).start_ns);
    LogOut(connection,
           absl::StrCat("outside of the session's hours, which begin at ", ToAbsl(opens.view())),
           now);
    return false;
  }
  connection->closes_ns = window->end_ns;
  if (schedule.reset && session.begun_ns < window->start_ns) {
    session.begun_ns = window->start_ns;
    session.Reset();
  }
  return true;
}

// Tells of an end that is near, now and then, and ends the session when its hours are over.
void FixHub::CheckHours(Connection* connection, Instant now) {
  if (connection->closes_ns != 0 && now.wall_ns >= connection->closes_ns) {
    LogOut(connection, "the session's hours are over", now);
    return;
  }
  int64_t left_ns = INT64_MAX;
  std::string_view what = "the session ends";
  if (connection->closes_ns != 0) {
    left_ns = connection->closes_ns - now.wall_ns;
  }
  bool near = left_ns <= config_.options.notice_s * kNsPerSecond;
  if (stop_at_ns_ != 0 && stop_at_ns_ - now.mono_ns < left_ns) {
    left_ns = std::max<int64_t>(0, stop_at_ns_ - now.mono_ns);
    what = "the venue stops";
    near = true;
  }
  if (near && now.mono_ns >= connection->next_news_ns) {
    connection->next_news_ns = now.mono_ns + (left_ns <= kNewsNs ? kNewsOftenNs : kNewsNs);
    const int64_t left_s = (left_ns + kNsPerSecond - 1) / kNsPerSecond;
    SendNews(connection, absl::StrCat(ToAbsl(what), " in ", left_s, " s"), now);
  }
}

void FixHub::SendNews(Connection* connection, std::string_view headline, Instant now) {
  std::string body;
  FieldWriter(&body)
      .Add(tag::kOrigTime, UtcText(now.wall_ns).view())
      .Add(tag::kHeadline, headline)
      .Add(tag::kLinesOfText, '1')
      .Add(tag::kText, headline);
  SendApplication(connection, "B", body, now);
}

void FixHub::AnnounceStop(int64_t seconds, Instant now) {
  stop_at_ns_ = now.mono_ns + seconds * kNsPerSecond;
  for (const auto& [id, connection] : connections_) {
    connection->next_news_ns = 0;
  }
  OnTimer(now);
}

}  // namespace tally::gateway::fix
