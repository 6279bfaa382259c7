// A full resend beside trading. TALLY_FIX_RESEND_COUNT=1000000 runs the real size and prints what
// it took; docs/fix.md has the figures.

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

uint64_t ResidentKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::strtoull(line.c_str() + 6, nullptr, 10);
    }
  }
  return 0;
}

class FixResendTest : public FixHubFixture {
 protected:
  static int Count() {
    const char* const text = std::getenv("TALLY_FIX_RESEND_COUNT");
    return text == nullptr ? 20'000 : std::atoi(text);
  }

  // Answers that need no engine, so that their number is free.
  void MakeHistory(ConnectionId id, int count) {
    for (int i = 0; i < count;) {
      std::string batch;
      for (int end = std::min(count, i + 100); i < end; ++i) {
        batch +=
            Text("KEEP", 'D', 2 + i,
                 "11=H" + std::to_string(i) + "|55=NO/NE|54=1|60=20240101-00:00:00|40=1|38=1|");
      }
      SendRaw(id, batch);
      Discard(id);
    }
  }
  void Discard(ConnectionId id) {
    for (auto chunk = hub_->NextWrite(id); !chunk.empty(); chunk = hub_->NextWrite(id)) {
      hub_->OnWritten(id, chunk.size(), now_);
      hub_->Commit(now_);
    }
  }
  // One write of the gateway, as far as it is whole messages.
  std::vector<std::string> OneWrite(ConnectionId id) {
    const auto chunk = hub_->NextWrite(id);
    EXPECT_LE(chunk.size(), 2 * options_.send_queue_bytes_soft);
    unparsed_.append(chunk.begin(), chunk.end());
    hub_->OnWritten(id, chunk.size(), now_);
    hub_->Commit(now_);
    std::vector<std::string> messages;
    std::string_view rest = unparsed_;
    std::string_view one;
    std::size_t consumed = 0;
    while (Framer::Next(rest, &one, &consumed) == Framer::Result::kMessage) {
      messages.push_back(Readable(std::string(one)));
      rest.remove_prefix(consumed);
    }
    unparsed_.erase(0, unparsed_.size() - rest.size());
    return messages;
  }

  std::string unparsed_;
};

TEST_F(FixResendTest, AFullResendRunsBesideTradingAndMissesNothing) {
  const int count = Count();
  const ConnectionId id = LogOn("KEEP");
  const ConnectionId bob = LogOn("BOB");
  MakeHistory(id, count);
  const uint64_t resident_before = ResidentKib();
  const auto began = std::chrono::steady_clock::now();
  SendRaw(id, Text("KEEP", '2', count + 2, "7=1|16=0|"));
  SendRaw(id, Text("KEEP", 'D', count + 3, Order("NEW", '1', "1.00")));
  int next = 1;  // MsgSeqNum that is sent again next.
  bool fresh = false;
  int trades = 0;
  while (next <= count + 1 || !fresh) {
    const auto messages = OneWrite(id);
    ASSERT_FALSE(messages.empty());
    for (const std::string& message : messages) {
      if (Get(message, "43") != "Y") {
        EXPECT_EQ(Get(message, "11"), "NEW");
        EXPECT_EQ(Get(message, "34"), std::to_string(count + 2));
        fresh = true;
        continue;
      }
      ASSERT_EQ(Get(message, "34"), std::to_string(next));
      next = Get(message, "35") == "4" ? std::atoi(Get(message, "36").c_str()) : next + 1;
    }
    // Everybody else is served as ever, between any two writes.
    ASSERT_EQ(
        Send(bob, "BOB", 'D', 2 + trades, Order("B" + std::to_string(trades), '1', "1.00")).size(),
        1U);
    ++trades;
  }
  EXPECT_EQ(next, count + 2);
  EXPECT_GT(trades, 5);
  if (std::getenv("TALLY_FIX_RESEND_COUNT") != nullptr) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf(
        "%d messages in %.1f s, %d orders of others in between; resident %llu -> %llu KiB\n", count,
        took.count(), trades, static_cast<unsigned long long>(resident_before),
        static_cast<unsigned long long>(ResidentKib()));
  }
}

}  // namespace
}  // namespace tally::gateway::fix
