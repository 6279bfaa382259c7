#include "tools/tally/exit_code.h"

#include <cstdio>
#include <string>

namespace tally {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kUsage;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kStorageDamaged;
    case absl::StatusCode::kAborted:
      return ExitCode::kCheckFailed;
    default:
      return ExitCode::kEnvironment;
  }
}

ExitCode ReportFailure(const absl::Status& status) {
  const std::string message(status.message());
  std::fprintf(stderr, "tally: error: %s\n", message.c_str());
  return ExitCodeOf(status);
}

}  // namespace tally
