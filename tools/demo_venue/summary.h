#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "tools/demo_venue/console.h"
#include "tools/demo_venue/outcome.h"

namespace tally::demo {

// What a run is summed up as: (label, value), in the order shown.
std::vector<std::pair<std::string, std::string>> Figures(const Outcome& outcome);

// Prints checks and figures.
void PrintSummary(const std::vector<Check>& checks, const Outcome& outcome, Console* console);

// Writes the report page: the template with the data in it. No network, no other file.
absl::Status WriteReport(const std::string& template_path, const std::string& path,
                         const std::vector<Check>& checks, const Outcome& outcome);

}  // namespace tally::demo
