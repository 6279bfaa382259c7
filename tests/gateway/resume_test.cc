#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using wire::MessageType;

// The bytes of a report without what may differ between the live one and a replay.
std::vector<uint64_t> Essence(const Received& received) {
  std::vector<uint64_t> words = received.words;
  auto* const bytes = reinterpret_cast<uint8_t*>(words.data());
  auto* const hdr = const_cast<wire::Hdr*>(wire::GetSizePrefixedFrame(bytes)->hdr());
  if (hdr == nullptr) {
    ADD_FAILURE() << "a report without a header";
    return words;
  }
  auto* const fields = reinterpret_cast<uint8_t*>(hdr);
  std::memset(fields + 16, 0, 8);                               // send_ns
  fields[26] = static_cast<uint8_t>(fields[26] & ~uint8_t{1});  // REPLAY
  return words;
}

// A day of Alice: orders that rest, trade with Bob, and are cancelled.
class ResumeTest : public HubTest {
 protected:
  static constexpr uint64_t kCommands = 12;

  Bytes AliceCommand(uint64_t seq) {
    if (seq % 4 == 0) {
      return CancelFrame(seq, seq - 1);
    }
    return NewOrderFrame(seq, {.client_order_id = seq,
                               .side = seq % 2 == 0 ? wire::Side::SELL : wire::Side::BUY,
                               .price = seq % 2 == 0 ? 110 : 90,
                               .quantity = 5});
  }
  // Bob trades with whatever Alice has; his own reports are of no interest.
  void BobTrades() {
    if (!bob_connected_) {
      bob_ = Session({.key_id = kBobKey, .resume_from = 0});
      bob_connected_ = true;
    }
    ++bob_seq_;
    Send(bob_, NewOrderFrame(bob_seq_, {.client_order_id = bob_seq_,
                                        .side = wire::Side::SELL,
                                        .price = 90,
                                        .quantity = 2,
                                        .time_in_force = wire::TimeInForce::IOC}));
  }

  // Checks a report against those seen before and notes it.
  void Note(const std::vector<Received>& received) {
    for (const Received& one : received) {
      if (one.seq() == 0) {
        continue;
      }
      EXPECT_EQ(one.seq(), next_seq_) << "a gap or a double";
      next_seq_ = one.seq() + 1;
      const auto [known, is_new] = reports_.emplace(one.seq(), Essence(one));
      EXPECT_EQ(known->second, Essence(one)) << "report " << one.seq() << " differs on replay";
    }
  }

  std::map<uint64_t, std::vector<uint64_t>> reports_;
  uint64_t next_seq_ = 1;
  ConnectionId bob_{};
  bool bob_connected_ = false;
  uint64_t bob_seq_ = 0;
};

// The connection is lost after every report in turn, and at every byte of the log's lag.
TEST_F(ResumeTest, UnionOfAllConnectionsIsCompleteAndWithoutDoubles) {
  for (const std::size_t log_lag : {0u, 1u, 7u}) {
    engine.log_lag = log_lag;
    uint64_t sent = 0;
    const LogonSpec base{.session_id = 100 + log_lag};
    next_seq_ = 1;
    reports_.clear();
    while (sent < kCommands) {
      LogonSpec spec = base;
      spec.resume_from = next_seq_;
      const ConnectionId id = Session(spec);
      Note(last);
      engine.log_lag = 0;
      Pump();
      Note(Receive(id));
      EXPECT_EQ(ack.last_client_seq(), sent);
      // Two commands: the reports of the first are read, those of the second are lost.
      Note(Send(id, AliceCommand(++sent)));
      SendRaw(id, AliceCommand(++sent));
      BobTrades();
      engine.log_lag = log_lag;
      Drop(id);
    }
    engine.log_lag = 0;
    LogonSpec spec = base;
    spec.resume_from = next_seq_;
    Session(spec);
    Note(last);
    const core::Session& session = *engine.core().FindSession(kAlice, base.session_id);
    EXPECT_EQ(next_seq_, session.next_report_sequence);
    EXPECT_EQ(reports_.size(), session.next_report_sequence - 1);
  }
}

TEST_F(ResumeTest, EveryCutPointGivesTheRestIdentically) {
  const ConnectionId first = Session({});
  std::vector<Received> all;
  for (uint64_t seq = 1; seq <= kCommands; ++seq) {
    for (Received& one : Send(first, AliceCommand(seq))) {
      all.push_back(std::move(one));
    }
    BobTrades();
    for (Received& one : Receive(first)) {
      all.push_back(std::move(one));
    }
  }
  ASSERT_GT(all.size(), kCommands);
  for (uint64_t cut = 1; cut <= all.size() + 1; ++cut) {
    Session({.resume_from = cut});
    ASSERT_EQ(last.size(), all.size() + 1 - cut);
    for (std::size_t i = 0; i < last.size(); ++i) {
      EXPECT_TRUE(last[i].replay());
      EXPECT_EQ(Essence(last[i]), Essence(all[cut - 1 + i]));
    }
  }
}

TEST_F(ResumeTest, ReportsReleasedDuringTheReplayFollowItOnce) {
  ConnectionId id = Session({});
  for (uint64_t seq = 1; seq <= 8; ++seq) {
    Send(id, AliceCommand(seq));
  }
  const uint64_t before = engine.core().FindSession(kAlice, 1)->next_report_sequence - 1;
  Drop(id);
  engine.log_lag = 3;  // The end of the log is not there yet when the client comes back.
  id = Session({});
  Note(last);
  EXPECT_LE(next_seq_, before);
  for (uint64_t seq = 9; seq <= 12; ++seq) {
    Note(Send(id, AliceCommand(seq)));
  }
  engine.log_lag = 0;
  Pump();
  hub->Retry(now);
  Note(Receive(id));
  EXPECT_EQ(next_seq_, engine.core().FindSession(kAlice, 1)->next_report_sequence);
}

TEST_F(ResumeTest, TooManyReportsDuringAReplayAreReadFromTheLog) {
  options.replay_pending_reports_max = 2;
  Restart();
  ConnectionId id = Session({});
  Send(id, AliceCommand(1));
  Drop(id);
  engine.log_lag = 1;
  id = Session({});
  Note(last);
  for (uint64_t seq = 2; seq <= 12; ++seq) {
    engine.log_lag = 1'000;
    Note(Send(id, AliceCommand(seq)));
  }
  engine.log_lag = 0;
  hub->Retry(now);
  Note(Receive(id));
  EXPECT_EQ(next_seq_, engine.core().FindSession(kAlice, 1)->next_report_sequence);
}

TEST_F(ResumeTest, LongReplayIsSentInPieces) {
  ConnectionId id = Session({});
  for (uint64_t seq = 1; seq <= 200; ++seq) {
    Send(id, NewOrderFrame(seq, {.client_order_id = seq, .price = 50}));
  }
  options.send_queue_bytes_soft = 1'000;
  options.replay_chunk_reports = 7;
  Restart();
  id = Connect();
  SendRaw(id, LogonFrame({.client_time_ns = now.wall_ns}, hello_nonce, TestKey(1)));
  std::size_t largest = 0;
  for (auto bytes = hub->NextWrite(id); !bytes.empty(); bytes = hub->NextWrite(id)) {
    largest = std::max(largest, bytes.size());
    Bytes& stream = streams[Raw(id)];
    stream.insert(stream.end(), bytes.begin(), bytes.end());
    hub->OnWritten(id, bytes.size(), now);
  }
  Note(TakeFrames(&streams[Raw(id)]));
  EXPECT_EQ(next_seq_, 201u);
  EXPECT_LT(largest, 3'000u);
}

TEST_F(ResumeTest, ZeroMeansFromNowOn) {
  ConnectionId id = Session({});
  Send(id, AliceCommand(1));
  Drop(id);
  id = Session({.resume_from = 0});
  EXPECT_TRUE(last.empty());
  EXPECT_EQ(ack.next_server_seq(), 2u);
  EXPECT_EQ(Send(id, AliceCommand(2))[0].seq(), 2u);
}

}  // namespace
}  // namespace tally::gateway
