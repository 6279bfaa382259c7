#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "settlement/watch.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/commands.h"
#include "tools/tally/outside_view.h"
#include "tools/tally/stop_signal.h"

namespace tally {
namespace {

struct WatchCommandOptions {
  OutsideViewOptions view;
  ChainKeyOptions key;
  std::vector<uint32_t> accounts;
  uint64_t patience_s = 600;
  bool once = false;
};

absl::StatusOr<ExitCode> Watch(const WatchCommandOptions& options) {
  StopOnSignals();
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(const OutsideView view, LoadOutsideView(options.view));
  std::optional<settlement::KeySigner> signer;
  if (!options.key.file.empty() || !options.key.environment.empty()) {
    ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
    signer.emplace(std::move(key));
  }
  settlement::WatchOptions watch;
  watch.node_url = view.rpc_url;
  watch.events_directory = view.events_directory;
  watch.once = options.once;
  watch.watcher.chain_id = view.chain_id;
  watch.watcher.vault = view.vault;
  watch.watcher.start_block = view.from_block;
  watch.watcher.confirmations = view.confirmations;
  watch.watcher.patience_s = options.patience_s;
  for (uint32_t account : options.accounts) {
    watch.watcher.accounts.insert(AccountId{account});
  }
  watch.watcher.log = LogLine;
  ASSIGN_OR_RETURN(
      const std::vector<settlement::Finding> findings,
      settlement::RunWatcher(watch, signer.has_value() ? &*signer : nullptr, stop_requested()));
  return findings.empty() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

}  // namespace

void AddWatchCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "watch",
      "Check a venue from outside: derive every batch again from the public event log and the "
      "signed orders in it, and challenge each debit that they do not explain. Without a key it "
      "only reports. Exit status 1 if it found anything.");
  auto options = std::make_shared<WatchCommandOptions>();
  AddOutsideViewOptions(command, &options->view);
  AddChainKeyOptions(command, "Key that pays for challenges and their bonds", &options->key);
  command->add_option("--account", options->accounts, "Watch only this account (repeatable)");
  command->add_option(
      "--patience", options->patience_s,
      "Seconds that the event log may lag behind a settlement before its debits are "
      "challenged, which forces the venue to show the orders");
  command->add_flag("--once", options->once,
                    "Stop when everything settled so far is checked and challenged");
  command->callback([options, exit_code] {
    const absl::StatusOr<ExitCode> result = Watch(*options);
    *exit_code = result.ok() ? *result : ReportFailure(result.status());
  });
}

}  // namespace tally
