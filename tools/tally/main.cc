// The `tally` command: one sub-command for each thing an operator does.

#include <CLI/CLI.hpp>

#include "tools/tally/commands.h"

int main(int argc, char** argv) {
  CLI::App app{"Tallystick: order matching and settlement engine.", "tally"};
  app.require_subcommand(1);
  app.footer(tally::kExitCodeHelp);
  app.set_version_flag("--version", "tally 0.1.0");

  tally::ExitCode exit_code = tally::ExitCode::kOk;
  tally::AddServeCommand(&app, &exit_code);
  tally::AddRelayCommand(&app, &exit_code);
  tally::AddReplayCommand(&app, &exit_code);
  tally::AddLoadCommand(&app, &exit_code);
  tally::AddKeygenCommand(&app, &exit_code);
  tally::AddDeployCommand(&app, &exit_code);
  tally::AddDepositCommand(&app, &exit_code);
  tally::AddWatchCommand(&app, &exit_code);
  tally::AddReconcileCommand(&app, &exit_code);
  tally::AddSenderCommand(&app, &exit_code);
  tally::AddFeeBacktestCommand(&app, &exit_code);
  tally::AddSessionCommand(&app, &exit_code);
  tally::AddSignerCommand(&app, &exit_code);
  tally::AddVenueCommand(&app, &exit_code);
  tally::AddFixLogCommand(&app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    app.exit(error);
    return static_cast<int>(asked_for_help ? tally::ExitCode::kOk : tally::ExitCode::kUsage);
  }
  return static_cast<int>(exit_code);
}
