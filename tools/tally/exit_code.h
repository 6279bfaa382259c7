#pragma once

#include "absl/status/status.h"

namespace tally {

// Exit statuses of every `tally` command. Scripts depend on them: they never change meaning.
enum class ExitCode : int {
  kOk = 0,
  kCheckFailed = 1,     // The command ran, and what it checks does not hold.
  kUsage = 2,           // Bad arguments or configuration: nothing was started.
  kEnvironment = 3,     // Port, folder, disk space, node or peer: mend it and run again.
  kStorageDamaged = 4,  // A journal or store fails its own checks: do not run on, see the message.
};

inline constexpr const char* kExitCodeHelp =
    "Exit status: 0 done, 1 a check failed, 2 bad arguments or configuration, 3 environment (port, "
    "folder, disk, node), 4 damaged storage.";

// The exit code that fits a failure.
ExitCode ExitCodeOf(const absl::Status& status);

// Prints "tally: error: MESSAGE" to standard error and returns the exit code that fits.
ExitCode ReportFailure(const absl::Status& status);

}  // namespace tally
