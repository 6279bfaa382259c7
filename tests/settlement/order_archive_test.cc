// Signed orders as the event log goes by, and the proofs made of them.

#include "settlement/relayer/order_archive.h"

#include <gtest/gtest.h>

#include "settlement/chain/abi.h"
#include "settlement/chain/private_key.h"
#include "settlement/relayer/batch_builder.h"
#include "settlement/relayer/batch_proof.h"
#include "settlement/relayer/justifier.h"
#include "tests/settlement/fake_engine.h"
#include "tests/settlement/order_domain.h"

namespace tally::settlement {
namespace {

constexpr InstrumentId kInstrument{1};

class OrderArchiveTest : public testing::Test {
 protected:
  OrderArchiveTest() {
    terms_[kInstrument] = {.tick_quanta = {2},
                           .lot_quanta = {10},
                           .maker_fee_hundredths_bp = 0,
                           .taker_fee_hundredths_bp = 0,
                           .fee_account = AccountId{3},
                           .base_asset = AssetId{4},
                           .quote_asset = AssetId{7}};
  }

  void Apply(const Event& event) { ASSERT_TRUE(archive_.Apply(event, terms_).ok()); }

  // The two events of a signature with client sequence `sequence`.
  void Sign(uint64_t sequence, uint64_t client_order_id, uint64_t nonce) {
    Event event = MakeEvent(EventType::kOrderSigned);
    event.session = SessionIndex{5};
    event.account = AccountId{9};
    event.client_sequence = sequence;
    event.client_order_id = ClientOrderId{client_order_id};
    event.order_signed.nonce = nonce;
    event.order_signed.expiry_s = 1'800'000'000;
    event.order_signed.max_fee_hundredths_bp = 25;
    event.order_signed.signature_r.fill(0xaa);
    Apply(event);
    event.type = EventType::kOrderSignature;
    event.payload = {};
    event.order_signature.signature_vs.fill(0xbb);
    Apply(event);
  }

  Event OfOrder(EventType type, uint64_t sequence, uint64_t client_order_id) {
    Event event = MakeEvent(type);
    event.sequence = EventSequence{++sequence_};
    event.session = SessionIndex{5};
    event.account = AccountId{9};
    event.instrument = kInstrument;
    event.side = static_cast<uint8_t>(Side::kSell);
    event.order_id = OrderId{77};
    event.client_sequence = sequence;
    event.client_order_id = ClientOrderId{client_order_id};
    return event;
  }
  void Accept(uint64_t sequence, uint64_t client_order_id, int64_t ticks, int64_t lots) {
    Event event = OfOrder(EventType::kOrderAccepted, sequence, client_order_id);
    event.accepted.price = {ticks};
    event.accepted.quantity = {lots};
    Apply(event);
  }
  void Replace(uint64_t sequence, uint64_t client_order_id, int64_t lots, int64_t leaves) {
    Event event = OfOrder(EventType::kOrderReplaced, sequence, client_order_id);
    event.replaced.price = {50};
    event.replaced.quantity = {lots};
    event.replaced.leaves = {leaves};
    Apply(event);
  }

  const SignedOrder* Found() { return archive_.AuthorityOf(OrderId{77}).order; }

  InstrumentTerms terms_;
  OrderArchive archive_;
  FaultPlan faults_;
  MemoryStore store_{&faults_};
  uint64_t sequence_ = 100;
};

TEST_F(OrderArchiveTest, SignatureAndAcceptedOrderMakeTheSignedOrder) {
  Sign(11, 3, 42);
  Accept(12, 3, 100, 6);
  ASSERT_NE(Found(), nullptr);
  SignedOrder expected;
  expected.account = AccountId{9};
  expected.base = AssetId{4};
  expected.quote = AssetId{7};
  expected.side = Side::kSell;
  expected.quantity = 60;
  expected.notional = 6 * 100 * 2;
  expected.nonce = 42;
  expected.expiry_s = 1'800'000'000;
  expected.max_fee_hundredths_bp = 25;
  std::fill_n(expected.signature.begin(), 32, uint8_t{0xaa});
  std::fill_n(expected.signature.begin() + 32, 32, uint8_t{0xbb});
  EXPECT_TRUE(*Found() == expected);
}

TEST_F(OrderArchiveTest, SignatureIsForTheNextCommandAndItsOrderAlone) {
  Sign(11, 3, 42);
  Accept(13, 3, 100, 6);
  EXPECT_EQ(Found(), nullptr) << "another command came between";
  Accept(12, 3, 100, 6);
  EXPECT_EQ(Found(), nullptr) << "the signature was used up";
  Sign(14, 4, 43);
  Accept(15, 5, 100, 6);
  EXPECT_EQ(Found(), nullptr) << "signed for another order";
}

TEST_F(OrderArchiveTest, ReplacedOrderBeginsAtZeroUnderItsNewSignature) {
  Sign(11, 3, 42);
  Accept(12, 3, 100, 6);
  const uint64_t version = archive_.AuthorityOf(OrderId{77}).version;
  Sign(13, 4, 43);
  Replace(14, 4, 10, 8);
  const auto authority = archive_.AuthorityOf(OrderId{77});
  ASSERT_NE(authority.order, nullptr);
  EXPECT_EQ(authority.order->nonce, 43u);
  EXPECT_EQ(authority.order->quantity, 100u);
  EXPECT_EQ(authority.cumulative_before, QuantityLots{2});
  EXPECT_NE(authority.version, version);
  Replace(15, 5, 9, 7);
  EXPECT_EQ(Found(), nullptr) << "replaced without a signature";
}

TEST_F(OrderArchiveTest, OrdersThatEndAreForgotten) {
  for (EventType end : {EventType::kOrderFilled, EventType::kOrderCanceled}) {
    Sign(11, 3, 42);
    Accept(12, 3, 100, 6);
    ASSERT_EQ(archive_.order_count(), 1u);
    Event event = OfOrder(end, 0, 3);
    (end == EventType::kOrderFilled ? event.filled.leaves : event.canceled.leaves) = {1};
    Apply(event);
    EXPECT_EQ(archive_.order_count(), 1u);
    (end == EventType::kOrderFilled ? event.filled.leaves : event.canceled.leaves) = {0};
    Apply(event);
    EXPECT_EQ(archive_.order_count(), 0u);
  }
}

TEST_F(OrderArchiveTest, StoreGivesBackOrdersAndSignaturesThatWait) {
  const auto save = [&] {
    StoreWrite write;
    archive_.AppendChanges(&write);
    ASSERT_TRUE(store_.Write(write).ok());
  };
  Sign(11, 3, 42);
  save();
  ASSERT_TRUE(archive_.Load(&store_).ok());
  Accept(12, 3, 100, 6);
  ASSERT_NE(Found(), nullptr) << "the signature survived";
  const SignedOrder order = *Found();
  save();
  ASSERT_TRUE(archive_.Load(&store_).ok());
  ASSERT_NE(Found(), nullptr);
  EXPECT_TRUE(*Found() == order);
  Event end = OfOrder(EventType::kOrderCanceled, 0, 3);
  Apply(end);
  save();
  EXPECT_TRUE(store_.rows().empty()) << "nothing is left behind";
}

TEST_F(OrderArchiveTest, OrderThatCameAndWentBetweenTwoSavesIsNeverStored) {
  Sign(11, 3, 42);
  Accept(12, 3, 100, 6);
  Apply(OfOrder(EventType::kOrderCanceled, 0, 3));
  StoreWrite write;
  archive_.AppendChanges(&write);
  EXPECT_TRUE(write.puts.empty());
  EXPECT_TRUE(write.deletes.empty());
}

TEST_F(OrderArchiveTest, DamagedRecordIsSaid) {
  Sign(11, 3, 42);
  Accept(12, 3, 100, 6);
  StoreWrite write;
  archive_.AppendChanges(&write);
  ASSERT_EQ(write.puts.size(), 1u);
  const std::string whole = write.puts[0].second;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write.puts[0].second = whole.substr(0, size);
    ASSERT_TRUE(store_.Write(write).ok());
    EXPECT_EQ(archive_.Load(&store_).code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST_F(OrderArchiveTest, AmountsThatNoEngineTakesAreDamage) {
  Sign(11, 3, 42);
  Event event = OfOrder(EventType::kOrderAccepted, 12, 3);
  event.accepted.price = {int64_t{1} << 60};
  event.accepted.quantity = {int64_t{1} << 60};
  EXPECT_EQ(archive_.Apply(event, terms_).code(), absl::StatusCode::kDataLoss);
}

// A venue of three accounts, of which the third never signs.
class BatchProofTest : public testing::Test {
 protected:
  BatchProofTest() {
    engine_.SignOrders(kDomain, [this](uint32_t account) {
      return account == 1 ? &first_ : account == 2 ? &second_ : nullptr;
    });
    engine_.DefineInstrument(1, 0, 1, 4);
    for (uint64_t index = 1; index <= 6; ++index) {
      Command deposit{};
      deposit.type = CommandType::kDeposit;
      deposit.account = AccountId{static_cast<uint32_t>((index + 1) / 2)};
      deposit.chain_transfer.index = index;
      deposit.chain_transfer.asset = AssetId{static_cast<uint16_t>(index % 2)};
      deposit.chain_transfer.amount = {1'000'000};
      deposit.chain_transfer.chain_id = kChainId;
      EXPECT_TRUE(engine_.Submit(deposit).ok());
    }
    first_event_ = engine_.event_count() + 1;
    Trade(1, 2);
    Trade(2, 3);
    Trade(3, 1);
  }

  void Trade(uint32_t buyer, uint32_t seller) {
    ASSERT_TRUE(engine_.Execute({.instrument = 1,
                                 .buyer = buyer,
                                 .seller = seller,
                                 .ticks = 20,
                                 .lots = 30 + buyer,
                                 .buyer_fee = 2,
                                 .seller_fee = -1}));
  }

  BatchProof Derive() {
    SettlementBatch header;
    header.id = 1;
    header.first_event = first_event_;
    header.last_event = engine_.event_count();
    auto proof = DeriveProof(&engine_, kDomain, header);
    EXPECT_TRUE(proof.ok()) << proof.status();
    return *std::move(proof);
  }

  const PrivateKey first_ = PrivateKey::ForTest("owner", 1);
  const PrivateKey second_ = PrivateKey::ForTest("owner", 2);
  FaultPlan faults_;
  FakeEngine engine_{kChainId, &faults_};
  MemoryStore store_{&faults_};
  uint64_t first_event_ = 0;
};

TEST_F(BatchProofTest, SignedAccountsAreExplainedAndOthersAreNot) {
  const BatchProof proof = Derive();
  EXPECT_EQ(proof.leaves.size(), 6u);
  EXPECT_EQ(proof.rows.size(), 4u);
  EXPECT_TRUE(ExecutionsExplain(proof, AccountId{1}));
  EXPECT_TRUE(ExecutionsExplain(proof, AccountId{2}));
  EXPECT_FALSE(ExecutionsExplain(proof, AccountId{3}));
  EXPECT_FALSE(ExecutionsExplain(proof, AccountId{4}));  // The fee account.
  EXPECT_TRUE(EntriesOf(proof.batch, AccountId{1}).is_debited);
  EXPECT_FALSE(EntriesOf(proof.batch, AccountId{4}).is_debited);
  EXPECT_EQ(EntriesOf(proof.batch, AccountId{2}).first, 1u);
  EXPECT_TRUE(EntriesOf(proof.batch, AccountId{8}).packed.empty());
}

TEST_F(BatchProofTest, RowsNameTheirLeafAndTheirSigner) {
  const BatchProof proof = Derive();
  for (const BatchProof::Row& row : proof.rows) {
    EXPECT_EQ(LeafOf(row.execution), proof.leaves[row.leaf]);
    EXPECT_EQ(kDomain.HashOf(row.order), row.execution.order_hash);
    const auto signer =
        RecoverAddress(row.execution.order_hash, FromCompactSignature(row.order.signature));
    ASSERT_TRUE(signer.ok());
    EXPECT_EQ(*signer, row.order.account == AccountId{1} ? first_.address() : second_.address());
  }
}

TEST_F(BatchProofTest, RecordGivesBackTheProofOrSaysThatItIsDamaged) {
  const BatchProof proof = Derive();
  StoreWrite write;
  AppendProof(proof, &write);
  ASSERT_TRUE(store_.Write(write).ok());
  const auto loaded = LoadProof(&store_, 1);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(EncodeProof(*loaded), EncodeProof(proof));
  EXPECT_EQ(EncodeEvidence(*loaded, AccountId{2}), EncodeEvidence(proof, AccountId{2}));
  EXPECT_EQ(LoadProof(&store_, 2).status().code(), absl::StatusCode::kNotFound);
  const std::string whole = EncodeProof(proof);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeProof(std::string_view(whole).substr(0, size)).ok()) << size;
  }
}

TEST_F(BatchProofTest, LogThatEndsBeforeTheBatchIsNotFound) {
  SettlementBatch header;
  header.id = 1;
  header.first_event = first_event_;
  header.last_event = engine_.event_count() + 1;
  EXPECT_EQ(DeriveProof(&engine_, kDomain, header).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tally::settlement
