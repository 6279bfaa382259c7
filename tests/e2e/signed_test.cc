// A served venue with an account that trades signed orders only: what its owner and a session key
// sign is taken, anything else is not, and whoever reads the event log finds the signatures.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/journal/event_log.h"
#include "evm/key_file.h"
#include "evm/keystore.h"
#include "evm/private_key.h"
#include "evm/signed_order.h"
#include "sdk/client.h"
#include "sdk/orders.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"
#include "tools/process/child_process.h"

namespace tally {
namespace {

using sdk::Report;
using sdk::ReportType;

constexpr InstrumentId kBtc{1};
constexpr AssetId kBase{1};
constexpr uint64_t kSigner = 8;  // The account, and its key.
constexpr uint64_t kOther = 2;
constexpr uint64_t kChainId = 31'337;
constexpr char kVault[] = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

std::shared_ptr<const sdk::EvmKey> KeyOf(const char* seed) {
  return std::make_shared<const sdk::EvmKey>(evm::PrivateKey::ForTest(seed, kSigner));
}

VenueSpec SignedVenue() {
  return {.account_lines = absl::StrCat("owner = \"", evm::Hex(KeyOf("owner")->address()),
                                        "\"\nmust_sign = true\n"),
          .market_lines = absl::StrCat("[chain]\nchain_id = ", kChainId, "\nvault = \"", kVault,
                                       "\"\n[[session_keys]]\naccount = 8\naddress = \"",
                                       evm::Hex(KeyOf("session")->address()), "\"\n")};
}

sdk::OrderSigning SigningWith(const char* seed) {
  return {.chain_id = kChainId,
          .vault = evm::ParseAddress(kVault)->bytes,
          .key = KeyOf(seed),
          .max_fee_hundredths_bp = 5'000,
          .lifetime_s = 3'600,
          .markets = {{.instrument = kBtc,
                       .base = kBase,
                       .quote = kVenueQuote,
                       .tick_quanta = {kVenueTickQuanta},
                       .lot_quanta = {kVenueLotQuanta}}}};
}

class Member final : private sdk::Listener {
 public:
  Member(uint16_t port, uint64_t key_id, uint64_t session_id,
         std::optional<sdk::OrderSigning> signing = {}) {
    sdk::ClientOptions options = TestClientOptions(port, key_id, session_id);
    options.signing = std::move(signing);
    client = *sdk::Client::Create(options, this);
    EXPECT_TRUE(client->Start().ok());
    EXPECT_TRUE(Until([&] { return client->state() == sdk::ClientState::kLive; }));
  }

  bool Until(const std::function<bool()>& done) { return client->RunUntil(done, 30'000).ok(); }
  // The report that answers a command.
  Report Answer(const absl::StatusOr<sdk::CommandTicket>& ticket) {
    EXPECT_TRUE(ticket.ok()) << ticket.status();
    const Report* found = nullptr;
    EXPECT_TRUE(Until([&] {
      for (const Report& one : reports) {
        if (ticket.ok() && one.answers && one.client_sequence == ticket->client_sequence) {
          found = &one;
        }
      }
      return found != nullptr;
    }));
    return found == nullptr ? Report{} : *found;
  }
  Report Limit(Side side, int64_t price, int64_t quantity) {
    return Answer(client->NewOrder(sdk::LimitOrder({kBtc, side, {quantity}}, PriceTicks{price})));
  }
  std::string LimitCode(Side side, int64_t price, int64_t quantity) {
    return std::string(sdk::ErrorCodeName(Limit(side, price, quantity).code));
  }
  int64_t filled() const {
    int64_t sum = 0;
    for (const Report& one : reports) {
      sum += one.type == ReportType::kFill ? one.quantity.value : 0;
    }
    return sum;
  }

  std::unique_ptr<sdk::Client> client;
  std::vector<Report> reports;

 private:
  void OnReport(const Report& report) override { reports.push_back(report); }
};

class SignedVenueTest : public ::testing::Test {
 protected:
  SignedVenueTest() : venue_(TALLY_PROGRAM, SignedVenue()) {}

  void SetUp() override {
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    SettlementClient settlement(venue_.port());
    ASSERT_TRUE(settlement.Fund({kOther, kSigner}));
  }

  std::vector<Event> EventLog() const {
    EventLogReader reader(venue_.data_directory() + "/events");
    std::vector<Event> events;
    std::vector<Event> some(1'000, MakeEvent(EventType::kTrade));
    for (;;) {
      const auto count = reader.ReadFrom(EventSequence{events.size() + 1}, some);
      if (!count.ok() || *count == 0) {
        EXPECT_TRUE(count.ok()) << count.status();
        return events;
      }
      events.insert(events.end(), some.begin(), some.begin() + static_cast<int64_t>(*count));
    }
  }

  VenueProcess venue_;
};

TEST_F(SignedVenueTest, OwnerAndSessionKeyTradeAndNobodyElse) {
  Member other(venue_.port(), kOther, 1);
  Member owner(venue_.port(), kSigner, 1, SigningWith("owner"));
  Member session_key(venue_.port(), kSigner, 2, SigningWith("session"));
  Member stranger(venue_.port(), kSigner, 3, SigningWith("stranger"));
  Member nobody(venue_.port(), kSigner, 4);

  const Report resting = owner.Limit(Side::kBuy, 60'000, 10);
  ASSERT_EQ(resting.type, ReportType::kAccepted);
  EXPECT_EQ(session_key.Limit(Side::kBuy, 60'001, 5).type, ReportType::kAccepted);
  EXPECT_EQ(stranger.LimitCode(Side::kBuy, 60'000, 10), "BAD_SIGNATURE");
  EXPECT_EQ(nobody.LimitCode(Side::kBuy, 60'000, 10), "SIGNATURE_REQUIRED");

  EXPECT_EQ(other.Limit(Side::kSell, 60'000, 8).type, ReportType::kAccepted);
  EXPECT_TRUE(session_key.Until([&] { return session_key.filled() == 5; }));
  EXPECT_TRUE(owner.Until([&] { return owner.filled() == 3; }));

  EXPECT_EQ(owner
                .Answer(owner.client->Replace({.target = {.order_id = resting.order_id},
                                               .price = {60'100},
                                               .quantity = {12},
                                               .instrument = kBtc,
                                               .side = Side::kBuy}))
                .type,
            ReportType::kReplaced);
  EXPECT_FALSE(
      owner.client
          ->Replace({.target = {.order_id = resting.order_id}, .price = {60'100}, .quantity = {12}})
          .ok());  // What does it replace?
  other.Limit(Side::kSell, 60'100, 9);
  EXPECT_TRUE(owner.Until([&] { return owner.filled() == 12; }));

  other.Limit(Side::kBuy, 59'000, 3);
  sdk::NewOrderRequest ioc = sdk::LimitOrder({kBtc, Side::kSell, {7}}, PriceTicks{59'000});
  ioc.time_in_force = TimeInForce::kIoc;
  EXPECT_EQ(owner.Answer(owner.client->NewOrder(ioc)).type, ReportType::kAccepted);
  EXPECT_TRUE(owner.Until([&] { return owner.filled() == 15; }));
}

TEST_F(SignedVenueTest, ExpiryAndFeeBoundHold) {
  sdk::OrderSigning expired = SigningWith("owner");
  expired.lifetime_s = 0;
  EXPECT_EQ(Member(venue_.port(), kSigner, 1, expired).LimitCode(Side::kBuy, 60'000, 1),
            "BAD_EXPIRE_TIME");
  sdk::OrderSigning cheap = SigningWith("owner");
  cheap.max_fee_hundredths_bp = kVenueTakerFee - 1;
  EXPECT_EQ(Member(venue_.port(), kSigner, 2, cheap).LimitCode(Side::kBuy, 60'000, 1),
            "FEE_ABOVE_SIGNED");
  sdk::OrderSigning elsewhere = SigningWith("owner");
  elsewhere.chain_id = 1;
  EXPECT_EQ(Member(venue_.port(), kSigner, 3, elsewhere).LimitCode(Side::kBuy, 60'000, 1),
            "BAD_SIGNATURE");
  sdk::OrderSigning brief = SigningWith("owner");
  brief.lifetime_s = 2;
  Member owner(venue_.port(), kSigner, 4, brief);
  ASSERT_EQ(owner.Limit(Side::kBuy, 60'000, 1).type, ReportType::kAccepted);
  EXPECT_TRUE(owner.Until([&] {
    return !owner.reports.empty() && owner.reports.back().type == ReportType::kCanceled;
  }));
}

// Signatures that a stranger to the venue verifies from its event log alone, also after a crash.
TEST_F(SignedVenueTest, EventLogShowsWhoSignedWhat) {
  {
    Member owner(venue_.port(), kSigner, 1, SigningWith("owner"));
    for (int64_t i = 0; i < 50; ++i) {
      EXPECT_EQ(
          owner.Limit(i % 2 == 0 ? Side::kBuy : Side::kSell, 50'000 + i % 2 * 1'000, i + 1).type,
          ReportType::kAccepted);
    }
    venue_.Kill();
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    EXPECT_EQ(owner.Limit(Side::kBuy, 50'000, 99).type, ReportType::kAccepted);
  }
  const evm::OrderDomain domain(kChainId, *evm::ParseAddress(kVault));
  const evm::Address signer = KeyOf("owner")->address();
  std::map<uint64_t, evm::SignedOrder> signed_orders;  // By the client sequence of the order.
  int verified = 0;
  for (const Event& event : EventLog()) {
    if (event.type == EventType::kOrderSigned) {
      evm::SignedOrder& order = signed_orders[event.client_sequence + 1];
      order.account = event.account;
      order.nonce = event.order_signed.nonce;
      order.expiry_s = event.order_signed.expiry_s;
      order.max_fee_hundredths_bp = event.order_signed.max_fee_hundredths_bp;
      std::copy_n(event.order_signed.signature_r.begin(), 32, order.signature.begin());
    } else if (event.type == EventType::kOrderSignature) {
      std::copy_n(event.order_signature.signature_vs.begin(), 32,
                  signed_orders[event.client_sequence + 1].signature.begin() + 32);
    } else if (event.type == EventType::kOrderAccepted) {
      ASSERT_TRUE(signed_orders.contains(event.client_sequence));
      evm::SignedOrder order = signed_orders[event.client_sequence];
      order.base = kBase;
      order.quote = kVenueQuote;
      order.side = static_cast<Side>(event.side);
      const auto lots = static_cast<unsigned __int128>(event.accepted.quantity.value);
      order.quantity = lots * static_cast<uint64_t>(kVenueLotQuanta);
      order.notional = lots * static_cast<uint64_t>(event.accepted.price.value) *
                       static_cast<uint64_t>(kVenueTickQuanta);
      EXPECT_EQ(
          *evm::RecoverAddress(domain.HashOf(order), evm::FromCompactSignature(order.signature)),
          signer);
      ++verified;
    }
  }
  EXPECT_EQ(verified, 51);
  ASSERT_TRUE(venue_.Terminate().ok());
  const CommandResult replay = venue_.Replay({"--json"});
  EXPECT_EQ(replay.exit_code, 0) << replay.output;
  EXPECT_TRUE(nlohmann::json::parse(replay.output)["identical"].get<bool>());
}

// The whole way of a session key as its user goes it: a keystore, and `tally load` that signs.
TEST_F(SignedVenueTest, LoadSignsWithASessionKeyFromAKeystore) {
  const std::string folder = venue_.directory();
  ASSERT_TRUE(VenueKey(kSigner).Save(folder + "/signer.key").ok());
  ASSERT_TRUE(evm::WriteSecretFile(folder + "/word", "a passphrase\n").ok());
  ASSERT_TRUE(evm::WriteSecretFile(
                  folder + "/session.json",
                  evm::SealKeystore(*KeyOf("session"), "a passphrase", {.n = 1024, .r = 1, .p = 1}))
                  .ok());
  const CommandResult result =
      RunCommand({TALLY_PROGRAM, "load", "--ready-file", venue_.ready_path(), "--config",
                  venue_.config_path(), "--key", absl::StrCat(kSigner, ":", folder, "/signer.key"),
                  "--signing-key", folder + "/session.json", "--passphrase-file", folder + "/word",
                  // Few in flight, so that orders are known in time to be replaced.
                  "--commands", "400", "--window", "4", "--price", "60000", "--quantity-max", "3"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::map<EventType, int> counts;
  for (const Event& event : EventLog()) {
    ++counts[event.type];
  }
  EXPECT_GT(counts[EventType::kOrderSigned], 100) << result.output;
  EXPECT_GT(counts[EventType::kOrderAccepted], 100) << result.output;
  EXPECT_GT(counts[EventType::kOrderReplaced], 0) << result.output;
}

}  // namespace
}  // namespace tally
