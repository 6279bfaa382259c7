#include "tools/demo_venue/demo.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/clock.h"
#include "base/status.h"
#include "tools/flow/recorded_row.h"

namespace tally::demo {
namespace {

constexpr char kRecording[] = "/tools/flow/data/bitstamp_btcusd_2015-05-01.csv.xz";
constexpr char kNodePackages[] = "/settlement/contracts/node_modules/@foundry-rs";
constexpr uint32_t kKillOrdersMax = 200;
constexpr std::size_t kDepthColumns = 220;
constexpr std::size_t kDepthRows = 90;
constexpr Quanta kBurstUsd{1'000'000 * kUsdQuanta};
constexpr Quanta kBurstBtc{4'000 * kBtcQuanta};
constexpr uint32_t kBurstWindow = 128;
constexpr int kSettleMs = 90'000;
constexpr int kReplayMs = 60'000;

// The node's own binary, for whatever platform npm installed.
absl::StatusOr<std::string> FindNode(const std::string& root) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(root + kNodePackages, failed)) {
    const std::filesystem::path binary = entry.path() / "bin" / "anvil";
    if (std::filesystem::exists(binary, failed)) {
      return binary.string();
    }
  }
  return absl::NotFoundError("no EVM node in settlement/contracts/node_modules: run tools/setup");
}

// Rows around the prices of the trades, with a margin of a third on each side.
DepthMap MakeDepth(const std::vector<flow::FlowTrade>& trades) {
  const auto [low, high] = std::ranges::minmax_element(trades, {}, &flow::FlowTrade::price);
  const int64_t range = std::max<int64_t>(90, high->price.value - low->price.value);
  DepthMap depth;
  depth.rows = kDepthRows;
  depth.price_step = std::max<int64_t>(1, (range * 5 / 3) / static_cast<int64_t>(kDepthRows));
  depth.price_low = low->price.value - range / 3;
  return depth;
}

}  // namespace

Demo::Demo(const DemoOptions& options, Console* console)
    : options_(options),
      console_(console),
      venue_file_{.path = Path("venue.toml"),
                  .operator_key_file = Path("operator.key"),
                  .relayer_key_file = Path("relayer.key")},
      started_ns_(MonotonicNs()),
      engine_({.program = Program(),
               .config = venue_file_.path,
               .log_path = Path("engine.log"),
               .ready_file = Path("engine.ready")}),
      player_(&pool_, &market_, &outcome_.depth, options.window),
      feed_(Path("engine/events")) {}

absl::Status Demo::Run() {
  using Phase = absl::Status (Demo::*)();
  for (const auto& [name, phase] :
       std::initializer_list<std::pair<const char*, Phase>>{{"flow", &Demo::LoadFlow},
                                                            {"chain", &Demo::StartChain},
                                                            {"accounts", &Demo::OpenAccounts},
                                                            {"venue", &Demo::StartVenue},
                                                            {"sessions", &Demo::OpenSessions},
                                                            {"play", &Demo::PlayFlow},
                                                            {"settle", &Demo::SettleFlow},
                                                            {"burst", &Demo::RunBurst},
                                                            {"withdraw", &Demo::Withdraw},
                                                            {"settle", &Demo::AwaitSettlement},
                                                            {"stop", &Demo::StopVenue},
                                                            {"audit", &Demo::Audit}}) {
    console_->Phase(name);
    RETURN_IF_ERROR((this->*phase)());
  }
  outcome_.total_ns = MonotonicNs() - started_ns_;
  return absl::OkStatus();
}

absl::Status Demo::LoadFlow() {
  ASSIGN_OR_RETURN(const std::vector<flow::RecordedRow> rows,
                   flow::ReadRows(options_.root + kRecording));
  ASSIGN_OR_RETURN(flow_, flow::BuildFlow(rows, {.account_count = options_.accounts}));
  if (options_.steps_max > 0 && options_.steps_max < flow_.steps.size()) {
    flow_.steps.resize(options_.steps_max);
  }
  std::set<uint64_t> sent;
  for (const flow::FlowStep& step : flow_.steps) {
    sent.insert(step.order);
  }
  for (const flow::FlowTrade& trade : flow_.trades) {
    if (sent.contains(trade.taker)) {
      outcome_.recorded.push_back(trade);
    }
  }
  if (outcome_.recorded.empty()) {
    return absl::InvalidArgumentError("these steps make no trade: take more");
  }
  outcome_.depth = MakeDepth(outcome_.recorded);
  outcome_.flow_steps = flow_.steps.size();
  console_->Done(absl::StrCat(Grouped(flow_.steps.size()),
                              " commands of a recorded BTC/USD market, ",
                              Grouped(outcome_.recorded.size()), " recorded trades"));
  return absl::OkStatus();
}

absl::Status Demo::StartChain() {
  ASSIGN_OR_RETURN(const std::string binary, FindNode(options_.root));
  ASSIGN_OR_RETURN(node_, StartNode(binary, Path("anvil.log")));
  ASSIGN_OR_RETURN(chain_, ChainSide::Connect(node_->url));
  RETURN_IF_ERROR(chain_->Deploy(options_.build + "/contracts", venue_file_.operator_key_file));
  console_->Done(absl::StrCat("EVM node at ", node_->url, "; USD and BTC tokens, vault at ",
                              settlement::Hex(chain_->deployment().vault)));
  return absl::OkStatus();
}

std::vector<flow::FlowDeposit> Demo::Deposits() const {
  std::vector<flow::FlowDeposit> deposits = flow_.deposits;
  std::set<AccountId> known;
  for (flow::FlowDeposit& deposit : deposits) {
    known.insert(deposit.account);
    deposit.quote += kSpareUsd;
    deposit.base += kSpareBtc;
  }
  for (uint32_t account = 1; account <= options_.accounts; ++account) {
    if (!known.contains(AccountId{account})) {
      deposits.push_back({AccountId{account}, kSpareBtc, kSpareUsd});
    }
  }
  for (uint32_t i = 1; i <= kBurstAccounts; ++i) {
    deposits.push_back({AccountId{Raw(options_.fee_account()) + i}, kBurstBtc, kBurstUsd});
  }
  return deposits;
}

absl::Status Demo::OpenAccounts() {
  RETURN_IF_ERROR(chain_->MineOnTime());
  RETURN_IF_ERROR(chain_->OpenAccounts(options_.accounts_total()));
  ASSIGN_OR_RETURN(deposits_, chain_->Deposit(Deposits()));
  console_->Done(absl::StrCat(options_.accounts_total(), " accounts registered, ",
                              Grouped(deposits_), " deposits on chain"));
  return absl::OkStatus();
}

absl::Status Demo::StartVenue() {
  RETURN_IF_ERROR(WriteRelayerKey(venue_file_));
  RETURN_IF_ERROR(
      WriteVenueFile(options_, venue_file_, chain_->deployment(), node_->url, chain_->Owners()));
  ASSIGN_OR_RETURN(const EngineReady ready, engine_.Start());
  port_ = ready.port;
  ASSIGN_OR_RETURN(
      relayer_, ChildProcess::Start({.arguments = {Program(), "relay", "--config", venue_file_.path,
                                                   "--engine-ready-file", Path("engine.ready")},
                                     .log_path = Path("relayer.log"),
                                     .environment = {}}));
  RETURN_IF_ERROR(FollowUntil([this] { return feed_.deposits >= deposits_; }, kSettleMs,
                              "the relayer to credit every deposit"));
  console_->Done(absl::StrCat("engine on port ", port_, ", relayer running, ",
                              Grouped(feed_.deposits), " deposits credited"));
  return absl::OkStatus();
}

absl::Status Demo::OpenSessions() {
  std::vector<sdk::SigningKey> keys;
  for (uint32_t account = 1; account <= options_.accounts; ++account) {
    keys.push_back(ClientKey(account));
  }
  RETURN_IF_ERROR(pool_.Open(port_, keys));
  console_->Done(absl::StrCat(pool_.size(), " sessions logged on over TCP"));
  return absl::OkStatus();
}

absl::Status Demo::PlayFlow() {
  const std::size_t middle = flow_.steps.size() / 2;
  RETURN_IF_ERROR(PlayPart(0, middle));
  RETURN_IF_ERROR(KillEngine());
  console_->Phase("play");
  RETURN_IF_ERROR(PlayPart(middle, flow_.steps.size()));
  outcome_.counts = pool_.counts();
  outcome_.latencies_ns = pool_.latencies_ns();
  outcome_.steps_alone = player_.sent_alone();
  outcome_.trades = market_.Trades();
  return absl::OkStatus();
}

absl::Status Demo::PlayPart(std::size_t begin, std::size_t end) {
  const auto steps = std::span(flow_.steps).subspan(begin, end - begin);
  const int64_t recorded_ms = flow_.steps.back().time_ms - flow_.steps.front().time_ms;
  const int64_t interval_ms = std::max<int64_t>(1, recorded_ms / kDepthColumns);
  const int64_t started_ns = MonotonicNs();
  pool_.measure = true;
  RETURN_IF_ERROR(player_.Play(steps, interval_ms, console_));
  pool_.measure = false;
  outcome_.flow_ns += MonotonicNs() - started_ns;
  console_->Done(absl::StrCat(Grouped(steps.size()), " commands in recorded order, ",
                              Grouped(market_.Trades().size()), " trades so far"));
  return absl::OkStatus();
}

absl::Status Demo::KillEngine() {
  console_->Phase("kill");
  outcome_.kill_time_ms = flow_.steps[flow_.steps.size() / 2].time_ms;
  const uint32_t orders = std::min(kKillOrdersMax, options_.accounts);
  ASSIGN_OR_RETURN(outcome_.kill, RunKillDrill(&pool_, &engine_, orders));
  const KillResult& kill = outcome_.kill;
  console_->Done(absl::StrCat("SIGKILL with ", kill.in_flight, " commands in flight; ",
                              Grouped(kill.recovered_commands), " replayed in ", kill.recovery_ms,
                              " ms; first logon after ", Duration(kill.outage_ns),
                              ", all answered after ", Duration(kill.all_back_ns)));
  return absl::OkStatus();
}

// Before the burst, so that the batches of the recorded market are its own.
absl::Status Demo::SettleFlow() {
  RETURN_IF_ERROR(FollowUntil([this] { return feed_.all_settled(); }, kSettleMs,
                              "the last trade of the flow to be settled"));
  outcome_.flow_settled = Raw(feed_.settled);
  console_->Done(absl::StrCat("the ", Grouped(feed_.trades.size()),
                              " trades of the recorded market are on chain"));
  return absl::OkStatus();
}

absl::Status Demo::RunBurst() {
  const int64_t middle = market_.best_bid() && market_.best_ask()
                             ? (market_.best_bid()->value + market_.best_ask()->value) / 2
                             : outcome_.recorded.back().price.value;
  load::LoadOptions options{.port = port_,
                            .instrument = kBtcUsd,
                            .commands_per_second = 0,
                            .window = kBurstWindow,
                            .duration_ms = options_.burst_ms,
                            .price = {middle},
                            .quantity_max = {kBtcQuanta / 100}};
  for (uint32_t i = 1; i <= kBurstAccounts; ++i) {
    const uint64_t account = Raw(options_.fee_account()) + i;
    options.sessions.push_back({account, ClientKey(account), 1});
  }
  absl::StatusOr<load::LoadResult> result = absl::UnknownError("not run");
  std::atomic<bool> done = false;
  std::thread runner([&] {
    result = load::MeasureLoad(options);
    done.store(true);
  });
  // The other sessions stay logged on, and are told of their fills.
  const absl::Status pumped =
      pool_.PumpUntil([&] { return done.load(); }, 60'000, "the end of the burst");
  runner.join();
  RETURN_IF_ERROR(pumped);
  RETURN_IF_ERROR(result.status());
  outcome_.burst = *std::move(result);
  console_->Done(
      absl::StrFormat("%s commands on %u sessions with %u in flight each: %s commands/s",
                      Grouped(outcome_.burst.commands_total), kBurstAccounts, kBurstWindow,
                      Grouped(static_cast<uint64_t>(outcome_.burst.commands_per_second))));
  return absl::OkStatus();
}

absl::Status Demo::Withdraw() {
  RETURN_IF_ERROR(chain_->RequestWithdrawals(kWithdrawals, kWithdrawal));
  RETURN_IF_ERROR(
      FollowUntil([this] { return feed_.withdrawals + feed_.rejected_withdrawals >= kWithdrawals; },
                  kSettleMs, "the engine to hear of the withdrawals"));
  console_->Done(
      absl::StrCat(kWithdrawals, " requested on chain, ", feed_.withdrawals, " debited"));
  return absl::OkStatus();
}

absl::Status Demo::AwaitSettlement() {
  RETURN_IF_ERROR(FollowUntil([this] { return feed_.all_settled(); }, kSettleMs,
                              "the last fill to be settled"));
  const int64_t deadline_ns = MonotonicNs() + int64_t{kSettleMs} * 1'000'000;
  while (outcome_.withdrawals_paid < kWithdrawals && MonotonicNs() < deadline_ns) {
    RETURN_IF_ERROR(pool_.Pump(100));
    ASSIGN_OR_RETURN(outcome_.withdrawals_paid,
                     chain_->CountPaidWithdrawals(kWithdrawals, kWithdrawal));
  }
  console_->Done(absl::StrCat("everything up to event ", Grouped(Raw(feed_.settled)),
                              " is on chain, ", outcome_.withdrawals_paid, " withdrawals paid"));
  return absl::OkStatus();
}

absl::Status Demo::StopVenue() {
  pool_.Close();
  relayer_->Signal(SIGTERM);
  RETURN_IF_ERROR(relayer_->Wait(20'000).status());
  ASSIGN_OR_RETURN(outcome_.live_hash, engine_.Stop());
  console_->Done(absl::StrCat("state hash ", outcome_.live_hash));
  return absl::OkStatus();
}

absl::Status Demo::Audit() {
  outcome_.replay = RunProgram(
      {.arguments = {Program(), "replay", "--config", venue_file_.path, "--balances", "--json"},
       .log_path = Path("replay.json"),
       .environment = {}},
      kReplayMs);
  RETURN_IF_ERROR(feed_.Follow());
  outcome_.events = feed_.events;
  outcome_.trades_total = feed_.trades.size();
  outcome_.net_deposits = feed_.net_deposits;
  outcome_.withdrawals_logged = feed_.withdrawals;
  for (const auto& order : outcome_.kill.placed) {
    const auto found = feed_.accepted.find(order);
    outcome_.kill_lost += found != feed_.accepted.end() && found->second == 1 ? 0 : 1;
  }
  ASSIGN_OR_RETURN(const std::vector<SettledOnChain> batches, chain_->Batches());
  for (const SettledOnChain& batch : batches) {
    outcome_.batches.push_back({batch, feed_.TradesIn(batch.first_event, batch.last_event)});
  }
  RETURN_IF_ERROR(CompareBalances());
  console_->Done(absl::StrCat("journal replayed, ", outcome_.chain.size(), " balances and ",
                              outcome_.batches.size(), " batches read on chain"));
  return absl::OkStatus();
}

absl::Status Demo::CompareBalances() {
  if (outcome_.replay.ok()) {
    for (const auto& row : outcome_.replay->at("balances")) {
      const auto key = std::pair(AccountId{row.at("account").get<uint32_t>()},
                                 AssetId{row.at("asset").get<uint16_t>()});
      outcome_.engine[key] = {row.at("available").get<int64_t>() + row.at("held").get<int64_t>()};
    }
  }
  for (const AssetId asset : {kUsd, kBtc}) {
    for (uint32_t account = 1; account <= options_.accounts_total(); ++account) {
      ASSIGN_OR_RETURN((outcome_.chain[{AccountId{account}, asset}]),
                       chain_->BalanceOf(AccountId{account}, asset));
    }
    ASSIGN_OR_RETURN(outcome_.vault_holdings[asset], chain_->VaultHoldings(asset));
  }
  return absl::OkStatus();
}

std::string Demo::DescribeEndedProcesses() {
  const absl::Status status = CheckProcesses();
  return status.ok() ? "" : std::string(status.message());
}

absl::Status Demo::CheckProcesses() {
  if (node_.has_value()) {
    RETURN_IF_ERROR(CheckRuns(node_->process, "the EVM node"));
  }
  RETURN_IF_ERROR(engine_.Health());
  return relayer_.has_value() ? CheckRuns(*relayer_, "the relayer") : absl::OkStatus();
}

absl::Status Demo::FollowUntil(const std::function<bool()>& done, int timeout_ms,
                               const char* what) {
  const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  for (;;) {
    RETURN_IF_ERROR(feed_.Follow());
    if (done()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckProcesses());
    if (MonotonicNs() >= deadline_ns) {
      return absl::DeadlineExceededError(absl::StrCat("waited ", timeout_ms / 1'000, " s for ",
                                                      what, "; the end of the relayer's log:\n",
                                                      LogTail(Path("relayer.log"), 15)));
    }
    console_->Progress(absl::StrCat(Grouped(feed_.events), " events, ", Grouped(feed_.deposits),
                                    " deposits credited, settled up to event ",
                                    Grouped(Raw(feed_.settled)), " of ",
                                    Grouped(Raw(feed_.last_fill))));
    if (pool_.size() > 0) {
      RETURN_IF_ERROR(pool_.Pump(20));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

}  // namespace tally::demo
