#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <poll.h>
#include <vector>

#include "absl/status/status.h"

#include "sdk/client.h"
#include "sdk/key.h"

namespace tally::demo {

// A command that waits for its answer.
struct Sent {
  uint64_t client_sequence = 0;
  uint64_t tag = 0;  // The sender's: which order it is about.
  int64_t sent_ns = 0;
};

// What all sessions together did, counted here and not taken from the client library.
struct PoolCounts {
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t unexpected_answers = 0;  // A second answer, or one out of order.
  uint64_t report_gaps = 0;         // Reports whose sequence was not the next one.
  uint64_t fills = 0;
  std::map<sdk::ErrorCode, uint64_t> rejects{};
};

class SessionPool;

// One session with the venue. Owned by the pool.
class Session final : private sdk::Listener {
 public:
  Session(SessionPool* pool, AccountId account) : pool_(pool), account_(account) {}

  AccountId account() const { return account_; }
  sdk::Client& client() { return *client_; }
  std::size_t waiting() const { return waiting_.size(); }
  // To be called with the ticket of every command.
  void Track(const sdk::CommandTicket& ticket, uint64_t tag);

 private:
  friend class SessionPool;
  void OnReport(const sdk::Report& report) override;

  SessionPool* const pool_;
  const AccountId account_;
  std::unique_ptr<sdk::Client> client_;
  std::deque<Sent> waiting_;
  uint64_t last_report_ = 0;
};

// The sessions of all accounts, driven by one thread.
// Thread safety: one thread. Cost of Pump: one poll(2) over all sockets.
class SessionPool {
 public:
  // Called for every report, in the order in which they are read.
  std::function<void(const sdk::Report&)> on_report = [](const sdk::Report&) {};
  // Called before on_report for a report that answers a command.
  std::function<void(const Sent&, const sdk::Report&)> on_answer = [](const Sent&,
                                                                      const sdk::Report&) {};

  // Connects a session per key; key ids are account numbers. Returns when all are live.
  absl::Status Open(uint16_t port, const std::vector<sdk::SigningKey>& keys);
  // Logs out; orders stay in the book.
  void Close();

  Session& session(AccountId account) { return *sessions_[Raw(account) - 1]; }
  std::size_t size() const { return sessions_.size(); }

  // Waits at most timeout_ms for something to read and handles it. The status of a session that
  // failed for good.
  absl::Status Pump(int timeout_ms);
  // kDeadlineExceeded says what was waited for.
  absl::Status PumpUntil(const std::function<bool()>& done, int timeout_ms, const char* what);

  std::size_t live() const;
  std::size_t unanswered() const { return counts_.sent - counts_.answered; }
  uint64_t commands_resent() const;
  const PoolCounts& counts() const { return counts_; }
  // From handing a command to the client library to its durable answer.
  const std::vector<int64_t>& latencies_ns() const { return latencies_ns_; }
  // Latency is recorded only while this is set: not for what waits for a killed engine.
  bool measure = false;

 private:
  friend class Session;

  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<pollfd> sockets_;
  int64_t timers_ns_ = 0;  // When every client was polled last.
  PoolCounts counts_;
  std::vector<int64_t> latencies_ns_;
};

bool IsReject(sdk::ReportType type);

}  // namespace tally::demo
