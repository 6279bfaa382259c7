// Fills of an event log to sealed and settled batches. README.md says what the cases are.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/status.h"
#include "settlement/chain/transaction.h"
#include "settlement/relayer/relayer.h"
#include "tests/settlement/fake_vault.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kChainId = 31337;
constexpr int64_t kFunds = int64_t{1} << 60;

struct Case {
  uint64_t fills = 0;
  uint32_t accounts = 0;
  uint32_t fills_per_order = 0;
};

// A log of trades made up from their numbers: nothing is kept, so that only the relayer's memory
// counts. After the trades come the engine's answers to settled batches.
class MadeUpLog final : public EventSource, public EngineLink {
 public:
  explicit MadeUpLog(const Case& shape) : shape_(shape) {}

  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events) override {
    std::size_t count = 0;
    for (uint64_t at = Raw(from); count < events.size() && at <= event_count(); ++at) {
      Fill(at, &events[count++]);
    }
    return count;
  }
  absl::Status Submit(const Command& command) override {
    if (command.type == CommandType::kBatchStatus &&
        command.batch_status.status == SettlementStatus::kFinal &&
        command.batch_status.batch_id == settled_ + 1) {
      ++settled_;
    }
    return absl::OkStatus();
  }
  std::vector<Rejection> Poll() override { return {}; }

  uint64_t event_count() const { return 1 + shape_.fills + settled_; }

  // Net effect of all fills on an account: base, quote.
  std::map<uint32_t, std::pair<__int128, __int128>> Sums() const {
    std::map<uint32_t, std::pair<__int128, __int128>> sums;
    Event event = MakeEvent(EventType::kTrade);
    for (uint64_t at = 2; at < 2 + shape_.fills; ++at) {
      Fill(at, &event);
      const int64_t base = event.filled.quantity.value;
      const int64_t quote = base * event.filled.price.value;
      const int sign = event.side == static_cast<uint8_t>(Side::kBuy) ? 1 : -1;
      auto& sum = sums[Raw(event.account)];
      sum.first += sign * base;
      sum.second -= sign * quote;
    }
    return sums;
  }

 private:
  void Fill(uint64_t sequence, Event* event) const {
    *event = MakeEvent(EventType::kOrderFilled);
    event->sequence = static_cast<EventSequence>(sequence);
    event->timestamp_ns = static_cast<int64_t>(sequence);
    if (sequence == 1) {
      event->type = EventType::kInstrumentDefined;
      event->instrument = InstrumentId{1};
      event->instrument_defined.tick_quanta = {1};
      event->instrument_defined.lot_quanta = {1};
      event->instrument_defined.fee_account = static_cast<AccountId>(shape_.accounts + 1);
      event->instrument_defined.base_asset = AssetId{0};
      event->instrument_defined.quote_asset = AssetId{1};
      return;
    }
    const uint64_t number = sequence - 2;
    if (number >= shape_.fills) {
      event->type = EventType::kBatchSettled;
      event->batch_settled.batch_id = number - shape_.fills + 1;
      return;
    }
    // An order trades `fills_per_order` times in a row, with another side each time.
    const uint64_t trade = number / 2;
    const bool is_buy = number % 2 == 0;
    const uint64_t order = trade / shape_.fills_per_order;
    const uint64_t mixed = (2 * order + (is_buy ? 0 : 1)) * 0x9e3779b97f4a7c15u;
    event->instrument = InstrumentId{1};
    event->account = static_cast<AccountId>(1 + (mixed >> 32) % shape_.accounts);
    event->order_id = static_cast<OrderId>(2 * order + (is_buy ? 1 : 2));
    event->side = static_cast<uint8_t>(is_buy ? Side::kBuy : Side::kSell);
    event->filled.trade_id = static_cast<TradeId>(trade + 1);
    event->filled.price = {static_cast<int64_t>(100 + trade % 7)};
    event->filled.quantity = {3};
    event->filled.cumulative = {static_cast<int64_t>(3 + 3 * (trade % shape_.fills_per_order))};
  }

  const Case shape_;
  uint64_t settled_ = 0;
};

// A chain that mines what it gets at once and remembers what the relayer still asks about.
class QuickChain final : public ChainClient {
 public:
  QuickChain(const Address& vault, const Address& operator_address, uint32_t accounts)
      : vault_address_(vault) {
    vault_.operator_address = operator_address;
    vault_.head.chain = VaultGenesis(kChainId, vault);
    for (uint32_t account = 1; account <= accounts + 1; ++account) {
      vault_.balances[{account, uint16_t{0}}] = kFunds;
      vault_.balances[{account, uint16_t{1}}] = kFunds;
    }
  }

  const FakeVault& vault() const { return vault_; }
  void Mine() { ++height_; }

  absl::StatusOr<uint64_t> ChainId() override { return kChainId; }
  absl::StatusOr<BlockInfo> BlockByTag(BlockTag) override { return Block(height_); }
  absl::StatusOr<std::optional<BlockInfo>> BlockByNumber(uint64_t number) override {
    return std::optional(Block(number));
  }
  absl::StatusOr<uint64_t> Nonce(const Address&) override { return nonce_; }
  absl::StatusOr<Uint256> BalanceWei(const Address&) override { return Uint256(1) << 80; }
  absl::StatusOr<Bytes> Code(const Address&) override { return Bytes{1}; }
  absl::StatusOr<std::vector<ChainLog>> Logs(const LogFilter&) override {
    return std::vector<ChainLog>();
  }
  absl::StatusOr<Hash32> SendRawTransaction(ByteView raw) override {
    ASSIGN_OR_RETURN(DecodedTransaction sent, DecodeTransaction(raw));
    CHECK(sent.transaction.nonce == nonce_);
    ++nonce_;
    const FakeVault::Outcome outcome = vault_.Execute(sent.sender, sent.transaction.data);
    CHECK(outcome.success);
    std::erase_if(vault_.ring,
                  [&](const auto& item) { return item.first + 64 < vault_.head.next_batch; });
    vault_.settled_count.clear();
    const uint64_t block = height_ + 1;
    receipts_[sent.hash] = {.block_number = block,
                            .block_hash = Block(block).hash,
                            .success = true,
                            .gas_used = 50'000,
                            .contract = std::nullopt};
    std::erase_if(receipts_,
                  [&](const auto& item) { return item.second.block_number + 64 < height_; });
    return sent.hash;
  }
  absl::StatusOr<std::optional<Receipt>> TransactionReceipt(const Hash32& hash) override {
    const auto found = receipts_.find(hash);
    return found != receipts_.end() && found->second.block_number <= height_
               ? std::optional(found->second)
               : std::nullopt;
  }
  absl::StatusOr<TransactionPlace> FindTransaction(const Hash32& hash) override {
    return receipts_.contains(hash) ? TransactionPlace::kPooled : TransactionPlace::kUnknown;
  }
  absl::StatusOr<Bytes> Call(const CallRequest& request) override {
    if (request.from != Address()) {
      return Bytes();  // A simulation: the transaction itself is checked.
    }
    const FakeVault::Outcome outcome = vault_.Execute(request.from, request.data);
    return outcome.success ? absl::StatusOr<Bytes>(outcome.data)
                           : MakeChainStatus(ChainError::kRevert, "execution reverted");
  }
  absl::StatusOr<uint64_t> EstimateGas(const CallRequest&) override { return 50'000; }
  absl::StatusOr<FeeQuote> Fees() override {
    return FeeQuote{.base_fee_wei = 1'000, .tip_wei = 1'000};
  }
  absl::StatusOr<FeeHistory> BaseFees(uint64_t) override {
    return FeeHistory{.first_block = height_ + 1, .base_fees_wei = {1'000}};
  }

 private:
  static BlockInfo Block(uint64_t number) {
    BlockInfo block;
    block.number = number;
    for (std::size_t i = 0; i < 8; ++i) {
      block.hash.bytes[i] = static_cast<uint8_t>(number >> (8 * i));
    }
    block.hash.bytes[31] = 1;
    return block;
  }

  const Address vault_address_;
  FakeVault vault_;
  uint64_t height_ = 1;
  uint64_t nonce_ = 0;
  std::map<Hash32, Receipt> receipts_;
};

// Takes everything, keeps what is needed to start: the records themselves are the disk's affair.
class CountingStore final : public KeyValueStore {
 public:
  absl::Status Write(const StoreWrite& write) override {
    for (const auto& [key, value] : write.puts) {
      bytes_ += key.size() + value.size();
      if (key == "identity" || key == "checkpoint" || key == "scan") {
        rows_[key] = value;
      }
    }
    return absl::OkStatus();
  }
  absl::Status Visit(std::string_view prefix, const Visitor& visitor) override {
    for (const auto& [key, value] : rows_) {
      if (key.starts_with(prefix)) {
        RETURN_IF_ERROR(visitor(key, value));
      }
    }
    return absl::OkStatus();
  }
  uint64_t bytes() const { return bytes_; }

 private:
  std::map<std::string, std::string> rows_;
  uint64_t bytes_ = 0;
};

int64_t ResidentBytes() {
  long long pages = 0;
  long long resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr);
  CHECK(std::fscanf(file, "%lld %lld", &pages, &resident) == 2);
  std::fclose(file);
  return resident * ::sysconf(_SC_PAGESIZE);
}

void Print(bool json, const std::string& name, const char* metric, double value, const char* unit) {
  std::printf(json ? "{\"bench\":\"settlement\",\"case\":\"%s\",\"metric\":\"%s\",\"value\":%.0f,"
                     "\"unit\":\"%s\",\"subject\":\"ours\"}\n"
                   : "%-28s %-14s %14.0f %s\n",
              name.c_str(), metric, value, unit);
}

RelayerConfig ConfigFor(const Address& vault) {
  RelayerConfig config;
  config.chain_id = kChainId;
  config.vault = vault;
  config.confirmations = 2;
  config.batch_entries_max = 4096;
  config.batch_age_ns_max = 0;
  return config;
}

std::string NameOf(std::string_view name, const Case& shape) {
  return absl::StrCat(absl::string_view(name.data(), name.size()), "/", shape.fills_per_order,
                      "_per_order/", shape.accounts, "_accounts");
}

absl::Status NetAndSeal(const Case& shape, bool json) {
  const Address vault = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");
  RelayerConfig config = ConfigFor(vault);
  config.batch_age_ns_max = int64_t{1} << 60;
  const RealClock clock;
  CountingStore rows;
  RelayerStore store(&rows);
  MadeUpLog log(shape);
  const FeeWindow fees(1);
  Batcher batcher(&config, &store, &log, &clock, &fees);
  Checkpoint checkpoint;
  checkpoint.head.chain = VaultGenesis(kChainId, vault);
  RETURN_IF_ERROR(batcher.Restore(checkpoint));
  uint64_t batches = 0;
  const int64_t start_ns = MonotonicNs();
  while (batcher.position().last_event < log.event_count()) {
    std::vector<Job> jobs;
    RETURN_IF_ERROR(batcher.Read(&jobs));
    batches += jobs.size();
  }
  const double seconds = static_cast<double>(MonotonicNs() - start_ns) / 1e9;
  CHECK(batches >= shape.fills / config.batch_fills_max);
  Print(json, NameOf("net_and_seal", shape), "fills", static_cast<double>(shape.fills) / seconds,
        "1/s");
  return absl::OkStatus();
}

absl::Status Backlog(const Case& shape, bool json) {
  const Address vault = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");
  KeySigner signer(PrivateKey::ForTest("operator", 1));
  const RealClock clock;
  CountingStore store;
  MadeUpLog log(shape);
  QuickChain chain(vault, signer.address(), shape.accounts);
  Relayer relayer(ConfigFor(vault), {.store = &store,
                                     .chain = &chain,
                                     .engine = &log,
                                     .events = &log,
                                     .signer = &signer,
                                     .clock = &clock});
  RETURN_IF_ERROR(relayer.Start());
  int64_t resident = 0;
  int64_t resident_max = 0;
  const int64_t start_ns = MonotonicNs();
  while (!relayer.idle() || relayer.position().last_event < log.event_count()) {
    const absl::Status status = relayer.Step();
    if (!status.ok() && !Relayer::IsTransient(status)) {
      return status;
    }
    chain.Mine();
    if (resident == 0 && relayer.position().last_event >= shape.fills / 10) {
      resident = ResidentBytes();
    }
    resident_max = std::max(resident_max, ResidentBytes());
  }
  const double seconds = static_cast<double>(MonotonicNs() - start_ns) / 1e9;
  for (const auto& [account, sum] : log.Sums()) {
    CHECK(chain.vault().balances.at({account, uint16_t{0}}) == kFunds + sum.first);
    CHECK(chain.vault().balances.at({account, uint16_t{1}}) == kFunds + sum.second);
  }
  const std::string name = NameOf("backlog", shape);
  Print(json, name, "fills", static_cast<double>(shape.fills) / seconds, "1/s");
  Print(json, name, "growth_bytes", static_cast<double>(resident_max - resident), "B");
  Print(json, name, "batches", static_cast<double>(chain.vault().head.next_batch - 1), "");
  return absl::OkStatus();
}

absl::Status Run(bool json, bool smoke) {
  const uint64_t fills = smoke ? 100'000 : 10'000'000;
  for (const Case& shape : {Case{.fills = fills / 5, .accounts = 100, .fills_per_order = 1},
                            Case{.fills = fills / 5, .accounts = 100, .fills_per_order = 4},
                            Case{.fills = fills / 5, .accounts = 3'000, .fills_per_order = 2}}) {
    RETURN_IF_ERROR(NetAndSeal(shape, json));
  }
  return Backlog({.fills = fills, .accounts = 100, .fills_per_order = 2}, json);
}

}  // namespace
}  // namespace tally::settlement

int main(int argc, char** argv) {
  bool json = false;
  bool smoke = false;
  for (int i = 1; i < argc; ++i) {
    json = json || std::string_view(argv[i]) == "--json";
    smoke = smoke || std::string_view(argv[i]) == "--smoke";
  }
  const absl::Status status = tally::settlement::Run(json, smoke);
  if (!status.ok()) {
    std::fprintf(stderr, "settlement_bench: %s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
