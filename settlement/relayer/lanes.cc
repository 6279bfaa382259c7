#include "settlement/relayer/lanes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {

Lanes::Lanes(const RelayerConfig* config, const std::vector<Signer*>& signers, const Clock* clock)
    : config_(*config), clock_(clock) {
  CHECK(!signers.empty());
  for (Signer* signer : signers) {
    CHECK(signer != nullptr && Find(signer->address()) == nullptr);
    lanes_.push_back({.signer = signer});
  }
}

Lane* Lanes::Find(const Address& address) {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(),
                                  [&](const Lane& lane) { return lane.address() == address; });
  return found == lanes_.end() ? nullptr : &*found;
}

absl::Status Lanes::ReadNonces(ChainClient* chain) {
  for (Lane& lane : lanes_) {
    ASSIGN_OR_RETURN(lane.nonce, chain->Nonce(lane.address()));
  }
  return absl::OkStatus();
}

bool Lanes::HasUsable() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [&](const Lane& lane) { return IsUsable(lane); });
}

bool Lanes::AllRefused() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return lane.is_refused; });
}

void Lanes::SendAway(Lane* lane, int64_t for_ns, std::string_view why) {
  if (lanes_.size() == 1) {
    return;
  }
  if (IsUsable(*lane)) {
    config_.log(LogLevel::kError, absl::StrCat("sender ", Hex(lane->address()), " ", ToAbsl(why),
                                               ": its work goes to others, needs an operator"));
  }
  lane->away_until_ns = clock_->NowNs() + for_ns;
}

}  // namespace tally::settlement
