// What the relayer's keys sign and what they refuse; and the API between a relayer and a signer in
// another process, both sides of ours and a signer that misbehaves.

#include <atomic>
#include <functional>
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"
#include "settlement/netting/vault.h"
#include "settlement/signing/policy_signer.h"
#include "settlement/signing/remote_signer.h"
#include "settlement/signing/signer_api.h"
#include "tests/settlement/manual_clock.h"

namespace tally::settlement {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kChainId = 31'337;
constexpr uint64_t kGwei = 1'000'000'000;
constexpr int64_t kMinuteNs = 60'000'000'000;

Address Vault() { return *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3"); }
PrivateKey Key() { return PrivateKey::ForTest("operator", 1); }

SigningRules Rules() {
  return {.chain_id = kChainId,
          .account = Key().address(),
          .calls = OperatorCalls(Vault()),
          .limits = {.fee_cap_wei_max = 100 * kGwei,
                     .gas_limit_max = 16'000'000,
                     .transaction_gwei_max = 500'000'000,
                     .hour_gwei_max = 1'000'000'000,
                     .day_gwei_max = 3'000'000'000}};
}

// A million gas at ten gwei: a hundredth of an ether at worst.
Transaction Settle(uint64_t nonce = 7) {
  return {.chain_id = kChainId,
          .nonce = nonce,
          .tip_wei = kGwei,
          .fee_cap_wei = 10 * kGwei,
          .gas_limit = 1'000'000,
          .to = Vault(),
          .value_wei = 0,
          .data = EncodeSettle(SettlementBatch())};
}

struct RefusedCase {
  const char* reason;
  absl::StatusCode code;
  std::function<void(Transaction*)> change;
};

TEST(SigningPolicyTest, EachRuleRefusesWhatItShould) {
  constexpr auto kNever = absl::StatusCode::kPermissionDenied;
  constexpr auto kNotNow = absl::StatusCode::kResourceExhausted;
  const RefusedCase cases[] = {
      {"it is for chain 1, not 31337", kNever, [](Transaction* t) { t->chain_id = 1; }},
      {"it creates a contract", kNever, [](Transaction* t) { t->to.reset(); }},
      {"it sends ether", kNever, [](Transaction* t) { t->value_wei = 1; }},
      {"has no business with", kNever, [](Transaction* t) { t->to = Address{{1}}; }},
      {"has no business with", kNever, [](Transaction* t) { t->to = CourtOf(Vault()); }},
      {"function 0xb3ab15fb of", kNever,
       [](Transaction* t) {
         t->data = AbiEncoder().Add(Address{{1}}).Call("setOperator(address)");
       }},
      {"is not allowed", kNever, [](Transaction* t) { t->data = Selector("pause()"); }},
      {"function 0x of", kNever, [](Transaction* t) { t->data.clear(); }},
      {"is not allowed", kNever, [](Transaction* t) { t->data.resize(3); }},
      {"to itself must be empty", kNever, [](Transaction* t) { t->to = Key().address(); }},
      {"to itself must be empty", kNever,
       [](Transaction* t) {
         t->to = Key().address();
         t->data.clear();
         t->gas_limit = 21'001;
       }},
      {"gas limit of 16000001", kNever, [](Transaction* t) { t->gas_limit = 16'000'001; }},
      {"tip is above its fee cap", kNever, [](Transaction* t) { t->tip_wei = 11 * kGwei; }},
      {"fee cap in wei per gas of 100000000001", kNotNow,
       [](Transaction* t) { t->fee_cap_wei = 100 * kGwei + 1; }},
      {"worst price in gwei of 500000100", kNotNow,
       [](Transaction* t) {
         t->gas_limit = 5'000'001;
         t->fee_cap_wei = 100 * kGwei;
       }},
  };
  const SigningPolicy policy(Rules());
  EXPECT_TRUE(policy.Check(Settle(), 0).ok()) << policy.Check(Settle(), 0);
  for (const RefusedCase& refused : cases) {
    Transaction transaction = Settle();
    refused.change(&transaction);
    const absl::Status status = policy.Check(transaction, 0);
    EXPECT_EQ(status.code(), refused.code) << refused.reason << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(refused.reason));
  }
}

TEST(SigningPolicyTest, AllowsWhatTheRelayerSends) {
  const SigningPolicy policy(Rules());
  Transaction transaction = Settle();
  transaction.data = EncodeFinalizeWithdrawals(std::vector<uint64_t>{1, 2});
  EXPECT_TRUE(policy.Check(transaction, 0).ok());
  transaction.data = EncodeRejectWithdrawals(std::vector<uint64_t>{3});
  EXPECT_TRUE(policy.Check(transaction, 0).ok());
  transaction.to = Key().address();
  transaction.data.clear();
  transaction.gas_limit = 21'000;
  EXPECT_TRUE(policy.Check(transaction, 0).ok());
}

TEST(SigningPolicyTest, TheJustifierMayJustifyAndNothingElse) {
  SigningRules rules = Rules();
  rules.calls = JustifierCalls(Vault());
  const SigningPolicy policy(rules);
  EXPECT_FALSE(policy.Check(Settle(), 0).ok());
  Transaction transaction = Settle();
  transaction.to = CourtOf(Vault());
  EXPECT_FALSE(policy.Check(transaction, 0).ok());
  transaction.data = Selector(rules.calls[0].function);
  EXPECT_TRUE(policy.Check(transaction, 0).ok());
}

// Settle() may cost 10,000,000 gwei: a hundred fill an hour, three hundred a day.
TEST(SigningPolicyTest, BudgetsOfAnHourAndADayFillAndEmpty) {
  SigningPolicy policy(Rules());
  uint64_t nonce = 0;
  const auto sign_until_refused = [&](int64_t now_ns) {
    int count = 0;
    for (; policy.Check(Settle(nonce), now_ns).ok() && count < 1000; ++count) {
      policy.Record(Settle(nonce++), now_ns);
    }
    return count;
  };
  EXPECT_EQ(sign_until_refused(0), 100);
  EXPECT_THAT(std::string(policy.Check(Settle(nonce), 0).message()), HasSubstr("last hour"));
  EXPECT_EQ(sign_until_refused(59 * kMinuteNs), 0);
  EXPECT_EQ(sign_until_refused(60 * kMinuteNs), 100);
  EXPECT_EQ(sign_until_refused(120 * kMinuteNs), 100);
  EXPECT_EQ(sign_until_refused(240 * kMinuteNs), 0);
  EXPECT_THAT(std::string(policy.Check(Settle(nonce), 240 * kMinuteNs).message()),
              HasSubstr("last day"));
  EXPECT_EQ(sign_until_refused(1440 * kMinuteNs), 100);
}

TEST(SigningPolicyTest, AReplacementCountsOnlyWhatItAdds) {
  SigningPolicy policy(Rules());
  Transaction dearer = Settle();
  policy.Record(dearer, 0);
  dearer.fee_cap_wei += kGwei;
  policy.Record(dearer, 0);
  policy.Record(Settle(), 0);
  EXPECT_EQ(policy.ledger().HourGwei(0), 11'000'000u);
  EXPECT_EQ(policy.ledger().Increase(dearer.nonce, 11'000'000), 0u);
}

// What is signed already may be signed again, however empty the budget.
TEST(SigningPolicyTest, AFullBudgetDoesNotStopWhatItAlreadyCounted) {
  SigningPolicy policy(Rules());
  for (uint64_t nonce = 0; nonce < 100; ++nonce) {
    policy.Record(Settle(nonce), 0);
  }
  EXPECT_FALSE(policy.Check(Settle(100), 0).ok());
  EXPECT_TRUE(policy.Check(Settle(99), 0).ok());
}

TEST(SpendLedgerTest, SurvivesAsTextAndNoticesDamage) {
  SpendLedger ledger;
  ledger.Record(1, 100, 0);
  ledger.Record(2, 50, 3 * kMinuteNs);
  SpendLedger again;
  ASSERT_TRUE(again.Restore(ledger.ToText()).ok());
  EXPECT_EQ(again.HourGwei(3 * kMinuteNs), 150u);
  EXPECT_EQ(again.Increase(1, 130), 30u);
  for (const char* text : {"rubbish", "minute 1", "minute x 1", "nonce 1 -5"}) {
    EXPECT_EQ(again.Restore(text).code(), absl::StatusCode::kDataLoss) << text;
  }
  EXPECT_EQ(again.HourGwei(3 * kMinuteNs), 150u);
}

TEST(SpendLedgerTest, StaysSmall) {
  SpendLedger ledger;
  for (uint64_t nonce = 0; nonce < 10'000; ++nonce) {
    ledger.Record(nonce, 1, static_cast<int64_t>(nonce) * kMinuteNs);
  }
  EXPECT_LE(ledger.ToText().size(), 64'000u);
  EXPECT_EQ(ledger.DayGwei(9'999 * kMinuteNs), 1'440u);
}

class PolicySignerTest : public ::testing::Test {
 protected:
  PolicySigner Guard() {
    return PolicySigner(Rules(),
                        {.signer = &signer_,
                         .clock = &clock_,
                         .alarm = [this](std::string_view text) { alarms_.emplace_back(text); },
                         .save =
                             [this](const std::string& ledger) {
                               saved_ = ledger;
                               return save_;
                             }});
  }

  KeySigner signer_{Key()};
  ManualClock clock_;
  std::vector<std::string> alarms_;
  std::string saved_;
  absl::Status save_;
};

TEST_F(PolicySignerTest, ARefusalIsAnAlarmThatIsNotRepeatedAllTheTime) {
  PolicySigner guard = Guard();
  Transaction theft = Settle();
  theft.value_wei = 1;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(guard.Sign(theft).status().code(), absl::StatusCode::kPermissionDenied);
  }
  ASSERT_EQ(alarms_.size(), 1u);
  EXPECT_THAT(alarms_[0], HasSubstr("ALARM: transaction 7 of"));
  EXPECT_THAT(alarms_[0], HasSubstr("it sends ether"));
  clock_.Advance(kMinuteNs);
  EXPECT_FALSE(guard.Sign(theft).ok());
  EXPECT_EQ(alarms_.size(), 2u);
  EXPECT_EQ(guard.refused_count(), 6u);
  EXPECT_TRUE(saved_.empty());
}

TEST_F(PolicySignerTest, NothingIsSignedThatCouldNotBeCounted) {
  PolicySigner guard = Guard();
  save_ = absl::UnavailableError("disk full");
  EXPECT_EQ(guard.Sign(Settle()).status(), save_);
  save_ = absl::OkStatus();
  EXPECT_TRUE(guard.Sign(Settle()).ok());
  EXPECT_THAT(saved_, HasSubstr("nonce 7 10000000"));
}

TEST_F(PolicySignerTest, ARestartDoesNotRefillTheBudget) {
  PolicySigner first = Guard();
  for (uint64_t nonce = 0; nonce < 100; ++nonce) {
    ASSERT_TRUE(first.Sign(Settle(nonce)).ok());
  }
  PolicySigner second = Guard();
  ASSERT_TRUE(second.Restore(saved_).ok());
  EXPECT_EQ(second.Sign(Settle(100)).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(TransactionTest, WhatIsSignedDecodesOnlyFromItsOneEncoding) {
  const Transaction transaction = Settle();
  const Bytes payload = SigningPayload(transaction);
  const auto decoded = DecodeSigningPayload(payload);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(SigningPayload(*decoded), payload);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(DecodeSigningPayload(ByteView(payload).first(size)).ok()) << size;
  }
  Bytes longer = payload;
  longer.push_back(0);
  EXPECT_FALSE(DecodeSigningPayload(longer).ok());
  EXPECT_FALSE(DecodeSigningPayload(SignTransaction(transaction, Key()).raw).ok());
  EXPECT_FALSE(DecodeSigningPayload(View("\x19"
                                         "Ethereum Signed Message:\n5hello"))
                   .ok());
}

// Answers on loopback in a thread of its own.
class Served {
 public:
  explicit Served(HttpServer::Handler handler, int64_t timeout_ms = 10'000)
      : server_(*ListenHttp({.timeout_ms = timeout_ms}, std::move(handler))),
        thread_([this] { server_->Run(stop_); }) {}
  ~Served() {
    stop_ = true;
    thread_.join();
  }
  std::string url() const { return absl::StrCat("http://127.0.0.1:", server_->port()); }

 private:
  std::atomic<bool> stop_{false};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

std::unique_ptr<Signer> Remote(const std::string& url, std::string_view token = {}) {
  RemoteSignerOptions options;
  options.url = url;
  options.address = Key().address();
  options.bearer_token = evm::SecretText(token);
  options.timeout_ms = 2'000;
  return *MakeRemoteSigner(std::move(options));
}

// What web3signer answers to a question, with the key of these tests.
struct Web3Signer {
  HttpResponse operator()(const HttpQuestion& question) const {
    if (question.target == "/api/v1/eth1/publicKeys") {
      const std::string stranger = Hex(PrivateKey::ForTest("stranger", 1).PublicKey());
      return {.body = nlohmann::json::array({stranger, Hex(Key().PublicKey())}).dump()};
    }
    EXPECT_EQ(question.target, "/api/v1/eth1/sign/" + Hex(Key().PublicKey()));
    if (override_status != 200) {
      return {.status = override_status, .body = "the reason"};
    }
    const auto data = ParseHex(nlohmann::json::parse(question.body)["data"].get<std::string>());
    const EcdsaSignature signature = key->Sign(Keccak256(*data));
    Bytes answer(signature.r.bytes.begin(), signature.r.bytes.end());
    AppendBytes(&answer, View(signature.s));
    answer.push_back(static_cast<uint8_t>(27 + signature.y_parity));
    return {.body = change == nullptr ? Hex(answer) : change(answer),
            .content_type = "text/plain; charset=utf-8"};
  }

  std::shared_ptr<PrivateKey> key = std::make_shared<PrivateKey>(Key());
  unsigned override_status = 200;
  std::function<std::string(Bytes)> change = nullptr;
};

void ExpectSigned(const absl::StatusOr<SignedTransaction>& result) {
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->raw, SignTransaction(Settle(), Key()).raw);
}

TEST(RemoteSignerTest, SignsAsAKeyOfOurOwnDoes) {
  const Served served{Web3Signer()};
  const auto signer = Remote(served.url());
  ExpectSigned(signer->Sign(Settle()));
  ExpectSigned(signer->Sign(Settle()));
}

// The curve's order less s: the same signature, which no chain takes any more.
Bytes WithHighS(Bytes signature) {
  const Uint256 order =
      FromBigEndian(*ParseHex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
  const Hash32 high = ToWord(order - FromBigEndian(ByteView(signature).subspan(32, 32)));
  std::copy(high.bytes.begin(), high.bytes.end(), signature.begin() + 32);
  return signature;
}

TEST(RemoteSignerTest, AHighSIsMadeLowAndAMissingOrWrongParityIsFound) {
  const std::function<std::string(Bytes)> changes[] = {
      [](Bytes signature) { return Hex(WithHighS(std::move(signature))); },
      [](Bytes signature) { return Hex(ByteView(signature).first(64)); },
      [](Bytes signature) {
        signature[64] ^= 7;  // 27 and 28 to 28 and 27.
        return Hex(signature) + "\n";
      }};
  for (const auto& change : changes) {
    const Served served{Web3Signer{.change = change}};
    ExpectSigned(Remote(served.url())->Sign(Settle()));
  }
}

struct FailureCase {
  const char* reason;
  absl::StatusCode code;
  Web3Signer signer;
};

TEST(RemoteSignerTest, FailuresAreToldApart) {
  constexpr auto kRefused = absl::StatusCode::kPermissionDenied;
  constexpr auto kRetry = absl::StatusCode::kUnavailable;
  const auto stranger = std::make_shared<PrivateKey>(PrivateKey::ForTest("stranger", 1));
  const FailureCase cases[] = {
      {"400: the reason", kRefused, {.override_status = 400}},
      {"403: the reason", kRefused, {.override_status = 403}},
      {"404: the reason", kRefused, {.override_status = 404}},
      {"429: the reason", absl::StatusCode::kResourceExhausted, {.override_status = 429}},
      {"500: the reason", kRetry, {.override_status = 500}},
      {"503: the reason", kRetry, {.override_status = 503}},
      {"signed with another key", kRefused, {.key = stranger}},
      {"no signature", kRetry, {.change = [](const Bytes&) { return "hello"; }}},
      {"no signature", kRetry, {.change = [](const Bytes& s) { return Hex(s) + "00"; }}},
      {"signed with another key",
       kRefused,
       {.change = [](const Bytes&) { return Hex(Bytes(65, 0)); }}},
  };
  for (const FailureCase& failure : cases) {
    const Served served{failure.signer};
    const absl::Status status = Remote(served.url())->Sign(Settle()).status();
    EXPECT_EQ(status.code(), failure.code) << failure.reason << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(failure.reason));
    EXPECT_THAT(std::string(status.message()), HasSubstr(served.url()));
  }
}

TEST(RemoteSignerTest, ASignerWithoutTheKeyIsNamed) {
  const Served served{[](const HttpQuestion&) { return HttpResponse{.body = "[\"0x00\", 7]"}; }};
  const absl::Status status = Remote(served.url())->Sign(Settle()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not have the key of 0x"));
}

TEST(RemoteSignerTest, ASignerThatIsAwayIsAskedAgainLater) {
  std::string url;
  std::unique_ptr<Signer> signer;
  {
    const Served served{Web3Signer()};
    url = served.url();
    signer = Remote(url);
    ExpectSigned(signer->Sign(Settle()));
  }
  const absl::Status away = signer->Sign(Settle()).status();
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable) << away;
  EXPECT_TRUE(Signer::MayPass(away));
  EXPECT_THAT(std::string(away.message()), HasSubstr(url));
}

class SignerApiTest : public PolicySignerTest {
 protected:
  void Serve(std::string_view token = {}) {
    guard_ = std::make_unique<PolicySigner>(Guard());
    SignerApi::Options options;
    options.public_key = Key().PublicKey();
    options.bearer_token = evm::SecretText(token);
    api_ = std::make_unique<SignerApi>(std::move(options), guard_.get());
  }
  HttpResponse Post(std::string_view data) {
    return api_->Answer({.method = "POST",
                         .target = "/api/v1/eth1/sign/" + Hex(Key().PublicKey()),
                         .body = nlohmann::json{{"data", data}}.dump()});
  }

  std::unique_ptr<PolicySigner> guard_;
  std::unique_ptr<SignerApi> api_;
};

TEST_F(SignerApiTest, ARelayerSignsThroughItAndTheKeyStaysThere) {
  Serve();
  const Served served{[&](const HttpQuestion& question) { return api_->Answer(question); }};
  const auto signer = Remote(served.url());
  ExpectSigned(signer->Sign(Settle()));
  Transaction theft = Settle();
  theft.value_wei = 1;
  const absl::Status refused = signer->Sign(theft).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("it sends ether"));
  theft = Settle(8);
  theft.fee_cap_wei = 101 * kGwei;
  EXPECT_EQ(signer->Sign(theft).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(alarms_.size(), 2u);
}

TEST_F(SignerApiTest, SignsNothingButTransactions) {
  Serve();
  const Bytes digest(32, 7);
  Bytes access_list = SigningPayload(Settle());
  for (const std::string& data :
       {std::string("hello"), std::string(), Hex(digest),
        Hex(View("\x19\x01"
                 "an EIP-712 hash")),
        Hex(SignTransaction(Settle(), Key()).raw), Hex(access_list) + "00"}) {
    EXPECT_EQ(Post(data).status, 400u) << data;
  }
  EXPECT_EQ(Post(Hex(SigningPayload(Settle()))).status, 200u);
  EXPECT_TRUE(alarms_.empty());
}

TEST_F(SignerApiTest, StatusesSayWhatTheClientShouldDo) {
  Serve();
  EXPECT_EQ(api_->Answer({.method = "GET", .target = "/upcheck"}).body, "OK");
  EXPECT_EQ(api_->Answer({.method = "GET", .target = "/api/v1/eth1/publicKeys"}).body,
            "[\"" + Hex(Key().PublicKey()) + "\"]");
  EXPECT_EQ(api_->Answer({.method = "POST", .target = "/reload"}).status, 404u);
  EXPECT_EQ(api_->Answer({.method = "POST", .target = "/api/v1/eth1/sign/0x00"}).status, 404u);
  EXPECT_EQ(api_->Answer({.method = "GET", .target = "/api/v1/eth1/sign/" + Hex(Key().PublicKey())})
                .status,
            404u);
  Transaction elsewhere = Settle();
  elsewhere.chain_id = 1;
  EXPECT_EQ(Post(Hex(SigningPayload(elsewhere))).status, 403u);
  save_ = absl::DataLossError("disk");
  EXPECT_EQ(Post(Hex(SigningPayload(Settle()))).status, 503u);
}

TEST_F(SignerApiTest, WithATokenOnlyWhoHasItIsAnswered) {
  Serve("a-token");
  for (const char* given : {"", "Bearer ", "Bearer a-tokeN", "Bearer a-token2", "a-token"}) {
    EXPECT_EQ(
        api_->Answer({.method = "GET", .target = "/api/v1/eth1/publicKeys", .authorization = given})
            .status,
        401u)
        << given;
  }
  const Served served{[&](const HttpQuestion& question) { return api_->Answer(question); }};
  ExpectSigned(Remote(served.url(), "a-token")->Sign(Settle()));
  EXPECT_EQ(Remote(served.url(), "another")->Sign(Settle()).status().code(),
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace tally::settlement
