#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/histogram.h"
#include "gateway/fix/message.h"

namespace tally::bench {

// One FIX session that sends NewOrderSingles of about 160 bytes and checks what comes: one
// ExecutionReport (150=0) for each, in order, under consecutive MsgSeqNums, of the order that was
// sent.
//
// Thread safety: none. One thread, blocking calls. Memory: bounded by the window.
class OrderGenerator {
 public:
  struct Totals {
    uint64_t orders = 0;
    uint64_t quantity = 0;  // Of all orders sent.
    uint64_t leaves = 0;    // As the reports say.
  };

  OrderGenerator();
  ~OrderGenerator();
  OrderGenerator(const OrderGenerator&) = delete;
  OrderGenerator& operator=(const OrderGenerator&) = delete;

  // Again while the server refuses: a new session is not open before its command is durable.
  absl::Status LogOn(uint16_t port);
  // Sends `count` orders, at most `window` of them unanswered, and waits for every report. Of each,
  // the time from when its bytes were given to the kernel until its report was read.
  absl::Status Run(uint64_t count, uint32_t window, Histogram* response_ns);
  // Waits for the answer.
  absl::Status LogOut();

  const Totals& totals() const { return totals_; }

 private:
  absl::Status TryLogOn(uint16_t port);
  void AppendOrder(int64_t wall_ns);
  void AppendPlain(std::string_view type, std::string_view body, int64_t wall_ns);
  absl::Status Flush();
  // Blocks until at least one byte came.
  absl::Status Receive();
  // Takes the messages that are whole, and counts the reports among them.
  absl::StatusOr<uint32_t> TakeReports(Histogram* response_ns);
  absl::Status CheckReport();
  absl::Status AwaitMessage(std::string_view type);
  absl::StatusOr<bool> NextMessage();

  int fd_ = -1;
  uint64_t next_out_ = 1;
  uint64_t next_in_ = 1;
  uint64_t answered_ = 0;
  Totals totals_;
  std::vector<uint8_t> out_;
  std::string in_;
  std::size_t in_begin_ = 0;
  std::vector<int64_t> sent_ns_;  // Of the orders of a window.
  tally::gateway::fix::Message message_;
  std::string body_;
};

}  // namespace tally::bench
