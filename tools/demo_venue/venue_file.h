#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "sdk/key.h"
#include "settlement/deploy.h"
#include "tools/demo_venue/settings.h"

namespace tally::demo {

struct VenueFile {
  std::string path;
  std::string operator_key_file;
  std::string relayer_key_file;
};

// The key with which account `account` logs on. Not secret: made from the number.
sdk::SigningKey ClientKey(uint64_t account);

// Writes the configuration of the demo's venue. Owner i is that of account i + 1.
absl::Status WriteVenueFile(const DemoOptions& options, const VenueFile& file,
                            const settlement::Deployment& deployment, const std::string& node_url,
                            const std::vector<settlement::Address>& owners);
// Writes the key with which the relayer logs on to the engine.
absl::Status WriteRelayerKey(const VenueFile& file);

}  // namespace tally::demo
