#pragma once

#include <CLI/CLI.hpp>

#include "tools/tally/exit_code.h"

namespace tally {

// Each function adds one sub-command: its options, its help, and a callback that runs it and
// leaves the exit code in *exit_code. `app` and *exit_code must outlive the parse.
void AddServeCommand(CLI::App* app, ExitCode* exit_code);
void AddRelayCommand(CLI::App* app, ExitCode* exit_code);
void AddReplayCommand(CLI::App* app, ExitCode* exit_code);
void AddLoadCommand(CLI::App* app, ExitCode* exit_code);
void AddKeygenCommand(CLI::App* app, ExitCode* exit_code);
void AddDeployCommand(CLI::App* app, ExitCode* exit_code);
void AddDepositCommand(CLI::App* app, ExitCode* exit_code);
void AddWatchCommand(CLI::App* app, ExitCode* exit_code);
void AddReconcileCommand(CLI::App* app, ExitCode* exit_code);
void AddSenderCommand(CLI::App* app, ExitCode* exit_code);
void AddFeeBacktestCommand(CLI::App* app, ExitCode* exit_code);
void AddSessionCommand(CLI::App* app, ExitCode* exit_code);
void AddSignerCommand(CLI::App* app, ExitCode* exit_code);
void AddVenueCommand(CLI::App* app, ExitCode* exit_code);
void AddFixLogCommand(CLI::App* app, ExitCode* exit_code);

}  // namespace tally
