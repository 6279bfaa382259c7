#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/watch.h"
#include "tools/tally/commands.h"
#include "tools/tally/outside_view.h"
#include "tools/tally/stop_signal.h"

namespace tally {
namespace {

struct ReconcileCommandOptions {
  OutsideViewOptions view;
  int64_t interval_s = 0;
};

void Report(const settlement::Reconciliation& result) {
  for (const settlement::Difference& difference : result.differences) {
    LogLine(settlement::LogLevel::kError, settlement::DescribeDifference(difference));
  }
  for (const std::string& problem : result.problems) {
    LogLine(settlement::LogLevel::kError, problem);
  }
  LogLine(settlement::LogLevel::kInfo,
          absl::StrCat("block ", result.block_number, ", batch ", result.last_batch, ", event ",
                       result.last_event, ": ", result.balances_compared, " balances compared, ",
                       result.differences.size(), " differ, ", result.problems.size(),
                       " other problems"));
}

absl::StatusOr<ExitCode> Reconcile(const ReconcileCommandOptions& options) {
  StopOnSignals();
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(const OutsideView view, LoadOutsideView(options.view));
  settlement::ReconcileOptions reconcile;
  reconcile.node_url = view.rpc_url;
  reconcile.events_directory = view.events_directory;
  reconcile.interval_ms = options.interval_s * 1'000;
  reconcile.reconciler.chain_id = view.chain_id;
  reconcile.reconciler.vault = view.vault;
  reconcile.reconciler.start_block = view.from_block;
  reconcile.reconciler.confirmations = view.confirmations;
  ASSIGN_OR_RETURN(const settlement::Reconciliation result,
                   settlement::RunReconciler(reconcile, Report, stop_requested()));
  return result.agrees() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

}  // namespace

void AddReconcileCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "reconcile",
      "Compare the engine's ledger as of the last settled fill with the vault's balances, to the "
      "quantum. Exit status 1 if anything differs; account, asset and first suspicious batch are "
      "named.");
  auto options = std::make_shared<ReconcileCommandOptions>();
  AddOutsideViewOptions(command, &options->view);
  command->add_option("--interval", options->interval_s,
                      "Compare again every so many seconds, until something differs; 0: once");
  command->callback([options, exit_code] {
    const absl::StatusOr<ExitCode> result = Reconcile(*options);
    *exit_code = result.ok() ? *result : ReportFailure(result.status());
  });
}

}  // namespace tally
