// Clients that do harm, on purpose or not: the others do not notice.

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "tests/e2e/raw_connection.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

using gateway::Bytes;
using gateway::Received;

constexpr uint8_t kTrades = 2;

int64_t ResidentKib(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  for (std::string word; file >> word;) {
    if (word == "VmRSS:") {
      int64_t kib = 0;
      file >> kib;
      return kib;
    }
  }
  return 0;
}

class HostileClientTest : public ::testing::Test {
 protected:
  void Start(const std::string& gateway_lines) {
    venue_.emplace(TALLY_PROGRAM, VenueSpec{.gateway_lines = gateway_lines});
    ASSERT_TRUE(venue_->Start().ok()) << venue_->LogTail();
    SettlementClient settlement(venue_->port());
    ASSERT_TRUE(settlement.Fund({2, 3}));
    for (const uint64_t key : {2, 3}) {
      others_.push_back(std::make_unique<VenueClient>(TestClientOptions(venue_->port(), key, 1)));
      ASSERT_TRUE(others_.back()->UntilLive());
    }
  }

  // The two well-behaved clients trade with each other.
  void Trade(int trades) {
    for (int i = 0; i < trades; ++i) {
      others_[0]->Send(Side::kSell, 10'000, 1);
      others_[1]->Send(Side::kBuy, 10'000, 1);
      if (i % 100 == 99) {
        ASSERT_TRUE(others_[0]->UntilAnswered() && others_[1]->UntilAnswered());
      }
    }
    ASSERT_TRUE(others_[0]->UntilAnswered() && others_[1]->UntilAnswered());
  }

  // Nobody else lost a connection, a report or an answer.
  void ExpectOthersUnaffected() {
    ASSERT_NO_FATAL_FAILURE(Trade(10));
    for (const auto& other : others_) {
      EXPECT_EQ(other->client().stats().logons, 1u);
      EXPECT_EQ(other->view().fault(), "");
    }
    EXPECT_TRUE(venue_->Running());
  }

  uint16_t port() const { return venue_->port(); }

  std::optional<VenueProcess> venue_;
  std::vector<std::unique_ptr<VenueClient>> others_;
};

TEST_F(HostileClientTest, SlowReaderIsDisconnected) {
  ASSERT_NO_FATAL_FAILURE(
      Start("send_queue_bytes_max = 65536\nsend_queue_bytes_soft = 16384\n"
            "messages_per_second = 1000000\nburst = 1000000\n"));
  RawConnection slow(port(), /*receive_buffer_bytes=*/4'096);
  ASSERT_TRUE(slow.LogOn(/*key_id=*/4, /*session_id=*/1));
  ASSERT_TRUE(slow.Send(gateway::SubscribeFrame(/*instrument=*/1, kTrades)));
  ASSERT_TRUE(slow.Next().has_value());  // The instrument's definition; then it stops reading.

  // More than fits the queue of the server and the buffers of the kernel.
  uint64_t trades = 0;
  for (; trades < 60'000; trades += 2'000) {
    ASSERT_NO_FATAL_FAILURE(Trade(2'000));
  }
  std::optional<Received> last;
  ASSERT_TRUE(slow.ReadToEnd(/*timeout_ms=*/10'000, &last));
  ASSERT_TRUE(last.has_value());
  if (last->type() == wire::MessageType::LOGOUT) {  // Sent if the socket takes it in time.
    EXPECT_EQ(last->frame().logout()->code(), wire::ErrorCode::SLOW_CONSUMER);
  }
  ASSERT_NO_FATAL_FAILURE(ExpectOthersUnaffected());
  // It may come back.
  RawConnection again(port());
  EXPECT_TRUE(again.LogOn(/*key_id=*/4, /*session_id=*/1));
}

TEST_F(HostileClientTest, ConnectionsBeyondTheLimitAreRefused) {
  ASSERT_NO_FATAL_FAILURE(Start("connections_max = 16\n"));
  std::vector<RawConnection> flood;
  int refused = 0;
  for (int i = 0; i < 64; ++i) {
    RawConnection& connection = flood.emplace_back(port());
    ASSERT_TRUE(connection.connected());
    const auto first = connection.Next();
    ASSERT_TRUE(first.has_value());
    if (first->type() == wire::MessageType::LOGOUT) {
      EXPECT_EQ(first->frame().logout()->code(), wire::ErrorCode::TOO_MANY_CONNECTIONS);
      ++refused;
    }
  }
  EXPECT_EQ(refused, 64 - 14);
  ASSERT_NO_FATAL_FAILURE(ExpectOthersUnaffected());
  flood.clear();
  VenueClient late(TestClientOptions(port(), 5, 1));
  EXPECT_TRUE(late.UntilLive());
}

// Bytes as an attacker would send them: noise, wrong lengths, damaged good frames.
Bytes Malformed(std::mt19937_64& random) {
  Bytes bytes;
  switch (random() % 4) {
    case 0:  // Noise.
      bytes.resize(1 + random() % 6'000);
      for (uint8_t& byte : bytes) {
        byte = static_cast<uint8_t>(random());
      }
      break;
    case 1:  // A length that nobody will read.
      bytes = {0xff, 0xff, 0xff, 0x7f, 1, 2, 3};
      break;
    case 2:  // A good frame, damaged.
      bytes = gateway::NewOrderFrame(1 + random() % 3, {.client_order_id = random()});
      for (int i = 0; i < 4; ++i) {
        bytes[4 + random() % (bytes.size() - 4)] = static_cast<uint8_t>(random());
      }
      break;
    default:  // Cut short.
      bytes = gateway::SubscribeFrame(static_cast<uint32_t>(random()));
      bytes.resize(1 + random() % (bytes.size() - 1));
      break;
  }
  return bytes;
}

TEST_F(HostileClientTest, MalformedFramesCostOnlyTheirConnection) {
  ASSERT_NO_FATAL_FAILURE(Start("logons_per_second_max = 100000\n"));
  std::mt19937_64 random(20'150'501);
  const auto attack = [&](int connections) {
    for (int i = 0; i < connections; ++i) {
      RawConnection connection(port());
      ASSERT_TRUE(connection.connected());
      if (i % 2 == 0) {
        ASSERT_TRUE(connection.LogOn(4, 1 + random() % 4));
      }
      for (int frame = 0; frame < 3; ++frame) {
        connection.Send(Malformed(random));
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectOthersUnaffected());
  };
  ASSERT_NO_FATAL_FAILURE(attack(1'500));  // Memory that is allocated once.
  const int64_t before = ResidentKib(venue_->child().pid());
  ASSERT_NO_FATAL_FAILURE(attack(1'500));
  const int64_t grown = ResidentKib(venue_->child().pid()) - before;
  std::printf("resident memory: %lld KiB, grown by %lld KiB\n", static_cast<long long>(before),
              static_cast<long long>(grown));
#if !defined(__SANITIZE_ADDRESS__)  // Which keeps what was freed.
  EXPECT_LT(grown, 4'096);
#endif
}

}  // namespace
}  // namespace tally
