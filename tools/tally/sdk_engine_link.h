#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sdk/client.h"
#include "settlement/engine_link.h"

namespace tally {

// The relayer's link to the engine: a session of the binary protocol with the `settlement`
// permission. The client library keeps it alive and in order; what its process did not get
// answered, the relayer sends again as a new command, which the core takes once.
//
// Thread safety: one thread.
class SdkEngineLink final : public settlement::EngineLink, private sdk::Listener {
 public:
  // `options.session_id` must be the relayer's alone. Connects in the background.
  static absl::StatusOr<std::unique_ptr<SdkEngineLink>> Start(const sdk::ClientOptions& options);

  absl::Status Submit(const Command& command) override;
  std::vector<Rejection> Poll() override;

 private:
  SdkEngineLink() = default;

  void OnReport(const sdk::Report& report) override;
  void OnLive() override;
  void OnDisconnected(const absl::Status& why) override;

  std::unique_ptr<sdk::Client> client_;
  std::map<uint64_t, Rejection> unanswered_;  // By client_sequence; reason kNone.
  std::vector<Rejection> rejections_;
};

}  // namespace tally
