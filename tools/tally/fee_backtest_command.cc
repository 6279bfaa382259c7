#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/fees/backtest.h"
#include "tools/tally/block_fees_file.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

using nlohmann::json;
using settlement::BacktestReport;
using settlement::BlockFees;

struct FeeBacktestCommandOptions {
  std::string file;
  std::vector<uint32_t> deadlines = {5, 25, 75, 300};
  settlement::TimingPolicy policy;
  bool as_json = false;
};

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

json ToJson(const BacktestReport& report) {
  json deadlines = json::array();
  for (const auto& row : report.deadlines) {
    deadlines.push_back({{"deadline_blocks", row.deadline_blocks},
                         {"arrivals", row.arrivals},
                         {"at_once_wei", row.at_once_wei},
                         {"policy_wei", row.policy_wei},
                         {"policy_waited_blocks", row.policy_waited},
                         {"trained_quantile_permille", row.trained_permille},
                         {"trained_wei", row.trained_wei},
                         {"trained_waited_blocks", row.trained_waited},
                         {"clairvoyant_wei", row.clairvoyant_wei}});
  }
  json streams = json::array();
  for (const auto& row : report.streams) {
    streams.push_back({{"deadline_blocks", row.deadline_blocks},
                       {"at_once_gwei", row.at_once_gwei},
                       {"at_once_batches", row.at_once_batches},
                       {"at_deadline_gwei", row.at_deadline_gwei},
                       {"policy_gwei", row.policy_gwei},
                       {"policy_batches", row.policy_batches}});
  }
  json forecasts = json::array();
  for (const auto& row : report.forecasts) {
    forecasts.push_back({{"blocks", row.blocks},
                         {"persistence_error_permyriad", row.persistence},
                         {"model_error_permyriad", row.model}});
  }
  json caps = json::array();
  for (const auto& row : report.caps) {
    caps.push_back({{"blocks", row.cap.blocks},
                    {"cap_permille", row.cap.permille},
                    {"covered_permille", row.covered_permille},
                    {"worst_case_permille", row.worst_case_permille}});
  }
  return {{"first_block", report.first_block},
          {"blocks", report.blocks},
          {"transitions_wrong", report.transitions_wrong},
          {"deadlines", deadlines},
          {"streams", streams},
          {"forecasts", forecasts},
          {"caps", caps}};
}

void PrintTables(const BacktestReport& report) {
  const uint64_t second_half = report.first_block + report.blocks / 2;
  std::printf(
      "%llu blocks from %llu; learned before block %llu, reported from there on\n"
      "next base fee by EIP-1559: %llu of %llu transitions differ\n\n",
      static_cast<unsigned long long>(report.blocks),
      static_cast<unsigned long long>(report.first_block),
      static_cast<unsigned long long>(second_half),
      static_cast<unsigned long long>(report.transitions_wrong),
      static_cast<unsigned long long>(report.blocks - 1));
  std::printf(
      "Price against settling at once (100 %%), and mean wait in blocks\n"
      "deadline   ours    wait   trained quantile   ours    wait   clairvoyant\n");
  for (const auto& row : report.deadlines) {
    std::printf(
        "%8u  %5.1f%%  %6.1f  %17.1f%%  %5.1f%%  %6.1f  %11.1f%%\n", row.deadline_blocks,
        100 * Ratio(row.policy_wei, row.at_once_wei), Ratio(row.policy_waited, row.arrivals),
        row.trained_permille / 10.0, 100 * Ratio(row.trained_wei, row.at_once_wei),
        Ratio(row.trained_waited, row.arrivals), 100 * Ratio(row.clairvoyant_wei, row.at_once_wei));
  }
  std::printf(
      "\nA stream of 5 fills a block, netted while it waits: cost against a batch a block\n"
      "deadline   ours   batches   at the deadline\n");
  for (const auto& row : report.streams) {
    std::printf("%8u  %5.1f%%  %8llu  %15.1f%%\n", row.deadline_blocks,
                100 * Ratio(row.policy_gwei, row.at_once_gwei),
                static_cast<unsigned long long>(row.policy_batches),
                100 * Ratio(row.at_deadline_gwei, row.at_once_gwei));
  }
  std::printf(
      "\nMean error of forecasts of the base fee\n"
      "  blocks   stays as it is   returns to its mean\n");
  for (const auto& row : report.forecasts) {
    std::printf("%8u  %14.1f%%  %19.1f%%\n", row.blocks, static_cast<double>(row.persistence) / 100,
                static_cast<double>(row.model) / 100);
  }
  std::printf(
      "\nFee caps: the 99 %% quantile learned, how often it held, and what always would\n"
      "  blocks       cap   covered   worst case\n");
  for (const auto& row : report.caps) {
    const bool is_more = row.worst_case_permille >= 1'000'000;
    std::printf("%8u  %8.3f  %7.1f%%  %s%9.3f\n", row.cap.blocks, row.cap.permille / 1000.0,
                static_cast<double>(row.covered_permille) / 10, is_more ? ">" : " ",
                static_cast<double>(is_more ? 1'000'000 : row.worst_case_permille) / 1000);
  }
}

absl::Status Backtest(const FeeBacktestCommandOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<BlockFees> blocks, ReadBlockFees(options.file));
  ASSIGN_OR_RETURN(
      const BacktestReport report,
      settlement::RunBacktest(blocks, {.deadlines = options.deadlines, .policy = options.policy}));
  if (options.as_json) {
    std::printf("%s\n", ToJson(report).dump(2).c_str());
  } else {
    PrintTables(report);
  }
  return absl::OkStatus();
}

}  // namespace

void AddFeeBacktestCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "fee-backtest",
      "What the relayer's fee and timing policies would have done on recorded blocks: learns on "
      "the "
      "first half, reports the second, beside settling at once and knowing the future.");
  auto options = std::make_shared<FeeBacktestCommandOptions>();
  command
      ->add_option("file", options->file,
                   "CSV, plain or gzip, with a heading: block number, time, gas used, gas limit, "
                   "base fee (wei)")
      ->required();
  command->add_option("--deadline", options->deadlines, "Deadlines in blocks")
      ->check(CLI::Range(1, 100'000));
  command
      ->add_option("--quantile", options->policy.quantile_permille,
                   "Settle at a price below this many thousandths of the last ones")
      ->check(CLI::Range(1, 999));
  command
      ->add_option("--urgency-from", options->policy.urgency_from_permille,
                   "Thousandths of the deadline after which the quantile rises")
      ->check(CLI::Range(0, 999));
  command->add_flag("--json", options->as_json, "One JSON object with exact sums");
  command->callback([options, exit_code] {
    const absl::Status status = Backtest(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
