// Mutation fuzzing of the decoder and of live sessions. Seeds are fixed; TALLY_FUZZ_SEED and
// TALLY_FUZZ_ITERATIONS choose others. Run under ASan and UBSan in CI.

#include <cstdlib>
#include <random>

#include "gtest/gtest.h"

#include "gateway/codec/frame_encoder.h"
#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using Random = std::mt19937_64;

uint64_t FromEnvironment(const char* name, uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

uint64_t Below(Random* random, uint64_t bound) { return (*random)() % bound; }

std::vector<Bytes> Corpus() {
  const wire::MassCancel mass(0, wire::MassCancelScope::SESSION, wire::Side::NONE);
  const wire::Replace replace(0, 1, 2, 100, 5);
  const wire::BatchSettled batch;
  const wire::ChainTransfer transfer;
  std::array<uint8_t, 32> nonce{};
  using wire::MessageType;
  const wire::NewOrderFull full(
      1, 100, 5, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, wire::Side::BUY, wire::OrderType::LIMIT,
      wire::TimeInForce::DAY, wire::SelfTradePrevention::NONE, 0, wire::TriggerSource::NONE,
      wire::PegReference::NONE, wire::TrailUnit::NONE, wire::Contingency::NONE, 0);
  const wire::ReplaceFull replace_full(0, 1, 2, 100, 5, 1, 0);
  const wire::MassCancelFull mass_full(0, 1, wire::MassCancelScope::SESSION, wire::Side::NONE, 1);
  const wire::Quote quote(3, 99, 5, 101, 5, 1, 0, 0, 1, wire::SelfTradePrevention::NONE, 0);
  const wire::ResetProtection reset(1);
  const wire::SetPhase phase(0, 0, 1, wire::TradingPhase::HALT, wire::TradingPhase::UNSET);
  const wire::DefineRules rules(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0);
  const wire::DefineFees fees(0, 1, 0, 0, 1, 0);
  const wire::DefineProtection protection(1, 1, 1, 1, 1, 1);
  const wire::KillSwitch kill(66, 2, wire::KillScope::SESSION, 1);
  const std::array<uint8_t, 20> owner{};
  const wire::DefineAccount account(flatbuffers::span<const uint8_t, 20>(owner), 1, 0, 1, 0, 0, 0);
  return {
      NewOrderFrame(1, {.client_order_id = 1}),
      CancelFrame(2, 1),
      AccountQueryFrame(3),
      HeartbeatFrame(),
      TestRequestFrame(4),
      SubscribeFrame(1),
      LogonFrame({}, nonce, TestKey(1)),
      MakeFrame(MessageType::MASS_CANCEL, 4, [&](auto& f) { f.add_mass_cancel(&mass); }),
      MakeFrame(MessageType::REPLACE, 5, [&](auto& f) { f.add_replace(&replace); }),
      MakeFrame(MessageType::DEPOSIT, 6, [&](auto& f) { f.add_deposit(&transfer); }),
      MakeFrame(MessageType::BATCH_SETTLED, 7, [&](auto& f) { f.add_batch_settled(&batch); }),
      MakeFrame(MessageType::NEW_ORDER_FULL, 8, [&](auto& f) { f.add_new_order_full(&full); }),
      MakeFrame(MessageType::REPLACE_FULL, 9, [&](auto& f) { f.add_replace_full(&replace_full); }),
      MakeFrame(MessageType::MASS_CANCEL_FULL, 10,
                [&](auto& f) { f.add_mass_cancel_full(&mass_full); }),
      MakeFrame(MessageType::QUOTE, 11, [&](auto& f) { f.add_quote(&quote); }),
      MakeFrame(MessageType::RESET_PROTECTION, 12,
                [&](auto& f) { f.add_reset_protection(&reset); }),
      MakeFrame(MessageType::SET_PHASE, 13, [&](auto& f) { f.add_set_phase(&phase); }),
      MakeFrame(MessageType::DEFINE_RULES, 14, [&](auto& f) { f.add_define_rules(&rules); }),
      MakeFrame(MessageType::DEFINE_FEES, 15, [&](auto& f) { f.add_define_fees(&fees); }),
      MakeFrame(MessageType::DEFINE_PROTECTION, 16,
                [&](auto& f) { f.add_define_protection(&protection); }),
      MakeFrame(MessageType::KILL_SWITCH, 17, [&](auto& f) { f.add_kill_switch(&kill); }),
      MakeFrame(MessageType::DEFINE_ACCOUNT, 18, [&](auto& f) { f.add_define_account(&account); }),
      SubscribeFrame(1, 63)};
}

// A few of: flip, overwrite, insert, erase, copy a piece, splice another frame.
void Mutate(Random* random, const std::vector<Bytes>& corpus, Bytes* bytes) {
  const uint64_t edits = 1 + Below(random, 4);
  for (uint64_t i = 0; i < edits && !bytes->empty(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(Below(random, bytes->size()));
    switch (Below(random, 6)) {
      case 0:
        (*bytes)[static_cast<std::size_t>(at)] ^= static_cast<uint8_t>(1u << Below(random, 8));
        break;
      case 1:
        (*bytes)[static_cast<std::size_t>(at)] =
            std::array<uint8_t, 6>{0, 1, 0x7f, 0x80, 0xff, 4}[Below(random, 6)];
        break;
      case 2:
        bytes->insert(bytes->begin() + at, 1 + Below(random, 8), static_cast<uint8_t>((*random)()));
        break;
      case 3:
        bytes->erase(bytes->begin() + at,
                     bytes->begin() + std::min<std::ptrdiff_t>(at + 4, std::ssize(*bytes)));
        break;
      case 4:
        (*bytes)[static_cast<std::size_t>(at)] = (*bytes)[Below(random, bytes->size())];
        break;
      default: {
        const Bytes& other = corpus[Below(random, corpus.size())];
        const std::size_t count = std::min(other.size(), bytes->size());
        const std::size_t begin = Below(random, count);
        std::copy(other.begin() + static_cast<std::ptrdiff_t>(begin),
                  other.begin() + static_cast<std::ptrdiff_t>(count),
                  bytes->begin() + static_cast<std::ptrdiff_t>(begin));
      }
    }
  }
}

// The enum members of a decoded command are always valid.
void CheckDecoded(const ClientMessage& message) {
  if (message.command.type != CommandType::kNewOrder) {
    return;
  }
  const NewOrderCommand& order = message.command.new_order;
  ASSERT_TRUE(order.side == Side::kBuy || order.side == Side::kSell);
  if (message.type == wire::MessageType::NEW_ORDER_FULL) {
    ASSERT_TRUE(order.type >= OrderType::kMarket && order.type <= OrderType::kPegged);
    ASSERT_LE(order.flags, kOrderFlagsKnown);
    ASSERT_LE(Raw(order.trigger), Raw(TriggerSource::kBestPrice));
    ASSERT_LE(Raw(order.peg), Raw(PegReference::kMid));
    ASSERT_LE(Raw(order.contingency), Raw(Contingency::kOtoco));
    return;
  }
  ASSERT_TRUE(order.type == OrderType::kMarket || order.type == OrderType::kLimit);
  ASSERT_LE(order.flags, kOrderFlagPostOnly);
}

TEST(DecoderFuzzTest, MutatedFramesAreDecodedOrRefused) {
  Random random(FromEnvironment("TALLY_FUZZ_SEED", 1));
  const uint64_t iterations = FromEnvironment("TALLY_FUZZ_ITERATIONS", 200'000);
  const std::vector<Bytes> corpus = Corpus();
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < iterations; ++i) {
    Bytes bytes = corpus[Below(&random, corpus.size())];
    Mutate(&random, corpus, &bytes);
    if (Below(&random, 2) == 0 && bytes.size() >= 4) {  // Past the first check.
      const auto length = static_cast<uint32_t>(bytes.size() - 4);
      std::memcpy(bytes.data(), &length, 4);
    }
    // On the heap (aligned to 16) and of exactly this size, so that ASan sees a read behind it.
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
    uint8_t* const begin = exact.get();
    std::memcpy(begin, bytes.data(), bytes.size());
    ClientMessage message;
    if (DecodeClientFrame({begin, bytes.size()}, &message) == wire::ErrorCode::OK) {
      ++accepted;
      CheckDecoded(message);
    }
  }
  EXPECT_GT(accepted, iterations / 100);  // Else the mutations are too coarse to mean anything.
}

// A hostile client with a valid key, and a good one beside it that must not notice.
class HubFuzzTest : public HubTest {
 protected:
  HubFuzzTest() {
    options.logons_per_second_max = 1'000'000;
    options.messages_per_second = 1'000'000;
    options.burst = 1'000'000;
    Restart();
  }

  void Reconnect() {
    if (Raw(evil_) != 0) {
      Drop(evil_);
    }
    evil_ = Connect();
    const LogonSpec spec{.key_id = kBobKey, .session_id = 66, .resume_from = 0};
    LogOn(evil_, spec);
    const core::Session* const session = engine.core().FindSession(kBob, 66);
    evil_seq_ = session == nullptr ? 0 : session->last_client_sequence;
  }

  // A frame of the corpus, mostly with the right seq, perhaps mutated.
  Bytes EvilBytes(Random* random) {
    if (Below(random, 20) == 0) {
      Bytes noise(1 + Below(random, 300));
      std::generate(noise.begin(), noise.end(), [&] { return static_cast<uint8_t>((*random)()); });
      return noise;
    }
    Bytes bytes = corpus_[Below(random, corpus_.size())];
    if (Below(random, 3) == 0) {
      bytes = NewOrderFrame(evil_seq_ + 1,
                            {.client_order_id = evil_seq_ + 1,
                             .side = Below(random, 2) == 0 ? wire::Side::BUY : wire::Side::SELL,
                             .price = static_cast<int64_t>((*random)()),
                             .quantity = static_cast<int64_t>((*random)())});
    }
    if (Below(random, 4) != 0) {
      Mutate(random, corpus_, &bytes);
    }
    return bytes;
  }

  const std::vector<Bytes> corpus_ = Corpus();
  ConnectionId evil_{};
  uint64_t evil_seq_ = 0;
};

TEST_F(HubFuzzTest, HostileSessionHarmsNobody) {
  Random random(FromEnvironment("TALLY_FUZZ_SEED", 2));
  const uint64_t iterations = FromEnvironment("TALLY_FUZZ_ITERATIONS", 20'000);
  const ConnectionId good = Session({.key_id = kAliceKey});
  uint64_t good_seq = 0;
  uint64_t good_report = 1;
  for (uint64_t i = 0; i < iterations; ++i) {
    if (Raw(evil_) == 0 || Closing(evil_) || !hub->WantsRead(evil_)) {
      Reconnect();
    }
    SendRaw(evil_, EvilBytes(&random));
    Pump();
    Receive(evil_);
    if (const core::Session* session = engine.core().FindSession(kBob, 66)) {
      evil_seq_ = session->last_client_sequence;
    }
    ASSERT_LE(hub->connection_count(), 2u);
    if (i % 50 == 0) {
      ++good_seq;
      const auto received =
          Send(good, NewOrderFrame(good_seq, {.client_order_id = good_seq,
                                              .time_in_force = wire::TimeInForce::IOC}));
      ASSERT_FALSE(received.empty()) << "iteration " << i;
      for (const Received& one : received) {
        ASSERT_EQ(one.seq(), good_report++);
      }
    }
  }
}

// Random losses of connections, full rings, late releases and a log behind: every report arrives
// exactly once, every command is applied exactly once.
TEST_F(HubFuzzTest, ReportsSurviveEveryInterruption) {
  const uint64_t seeds = FromEnvironment("TALLY_FUZZ_ITERATIONS", 20'000) / 1'000;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    Random random(FromEnvironment("TALLY_FUZZ_SEED", 3) + seed);
    const uint64_t session_id = 1'000 + seed % 10;
    const core::Session* known = engine.core().FindSession(kAlice, session_id);
    uint64_t next_report = known == nullptr ? 1 : known->next_report_sequence;
    uint64_t next_command = known == nullptr ? 1 : known->last_client_sequence + 1;
    const auto note = [&](const std::vector<Received>& received) {
      for (const Received& one : received) {
        if (one.seq() != 0) {
          ASSERT_EQ(one.seq(), next_report) << "seed " << seed;
          ++next_report;
        }
      }
    };
    for (int round = 0; round < 20; ++round) {
      engine.ReleaseAll();
      engine.release_at_once = Below(&random, 2) == 0;
      engine.log_lag = Below(&random, 20);
      engine.room = SIZE_MAX;
      const ConnectionId id = Connect();
      LogonSpec spec{.session_id = session_id, .resume_from = next_report};
      note(LogOn(id, spec));
      for (int step = 0; step < 30; ++step) {
        switch (Below(&random, 5)) {
          case 0:
            engine.room = Below(&random, 2) == 0 ? 0 : SIZE_MAX;
            break;
          case 1:
            engine.ReleaseOne();
            break;
          case 2:
            engine.log_lag = Below(&random, 20);
            break;
          default:
            if (hub->WantsRead(id)) {
              SendRaw(id, NewOrderFrame(next_command, {.client_order_id = next_command,
                                                       .time_in_force = wire::TimeInForce::IOC}));
              ++next_command;
            }
        }
        Pump();
        if (Below(&random, 3) == 0) {
          note(Receive(id));
        }
      }
      Drop(id);
      // As a client does after a logon: go on behind what was taken.
      engine.room = SIZE_MAX;
      const core::Session* session = engine.core().FindSession(kAlice, session_id);
      next_command = session == nullptr ? 1 : session->last_client_sequence + 1;
    }
    engine.ReleaseAll();
    engine.release_at_once = true;
    engine.log_lag = 0;
    const ConnectionId id = Connect();
    note(LogOn(id, {.session_id = session_id, .resume_from = next_report}));
    Pump();
    note(Receive(id));
    EXPECT_EQ(next_report, engine.core().FindSession(kAlice, session_id)->next_report_sequence);
    Drop(id);
  }
}

}  // namespace
}  // namespace tally::gateway
