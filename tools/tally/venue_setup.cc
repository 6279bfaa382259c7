#include "tools/tally/venue_setup.h"

#include <algorithm>
#include <cstring>
#include <poll.h>
#include <span>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally {
namespace {

// Fits the smallest input ring, whose events fit the smallest output ring.
constexpr std::size_t kDefinitionsAtOnce = 32;

absl::Status NeverChanges(std::string_view what, uint64_t id, std::string_view fields) {
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(what), " ", id, ": the configuration changes ", ToAbsl(fields),
      ", which is journaled and never changes; restore it, or define a new ", ToAbsl(what)));
}

// Each returns whether the definition has to be applied.
absl::StatusOr<bool> CheckAsset(const DefineAssetCommand& definition, const core::Core& core) {
  const risk::Asset* known = core.assets().Find(definition.asset);
  if (known == nullptr) {
    return true;
  }
  if (known->chain_units_per_quantum != definition.chain_units_per_quantum ||
      known->quantum_decimals != definition.quantum_decimals) {
    return NeverChanges("asset", Raw(definition.asset), "its decimals");
  }
  return known->symbol != definition.symbol;
}

absl::StatusOr<bool> CheckAccount(const Command& command, const core::Core& core) {
  const risk::Account* known = core.accounts().Find(command.account);
  if (known == nullptr) {
    return true;
  }
  if (known->owner != command.define_account.owner) {
    return NeverChanges("account", Raw(command.account), "its owner");
  }
  return known->enabled != (command.define_account.enabled != 0) ||
         known->fee_class != command.define_account.fee_class ||
         known->must_sign != (command.define_account.must_sign != 0) ||
         known->owner_group != command.define_account.owner_group;
}

absl::StatusOr<bool> CheckInstrument(const Command& command, const core::Core& core) {
  const risk::Instrument* known = core.instruments().Find(command.instrument);
  const DefineInstrumentCommand& definition = command.define_instrument;
  if (known == nullptr) {
    return true;
  }
  if (known->base_asset != definition.base_asset || known->quote_asset != definition.quote_asset ||
      known->tick_quanta != definition.tick_quanta || known->lot_quanta != definition.lot_quanta) {
    return NeverChanges("instrument", Raw(command.instrument), "its assets, tick or lot");
  }
  const bool same = known->symbol == definition.symbol &&
                    known->price_max == definition.price_max &&
                    known->quantity_min == definition.quantity_min &&
                    known->quantity_max == definition.quantity_max &&
                    known->notional_min == definition.notional_min &&
                    known->notional_max == definition.notional_max &&
                    known->fees.maker == definition.maker_fee_hundredths_bp &&
                    known->fees.taker == definition.taker_fee_hundredths_bp &&
                    known->fee_account == definition.fee_account;
  return !same;
}

// These have no padding, so that equal values are equal bytes.
template <typename Record>
bool Same(const Record& a, const Record& b) {
  static_assert(std::has_unique_object_representations_v<Record>);
  return std::memcmp(&a, &b, sizeof(Record)) == 0;
}

bool NeedsFees(const Command& command, const core::Core& core) {
  const DefineFeesCommand& row = command.define_fees;
  const risk::FeeTerms* known = core.fees().Find(row.fee_class, command.instrument);
  return known == nullptr || known->rates.maker != row.maker_fee_hundredths_bp ||
         known->rates.taker != row.taker_fee_hundredths_bp || known->minimum_fee != row.minimum_fee;
}

bool NeedsExposure(const Command& command, const core::Core& core) {
  const DefineExposureCommand& wanted = command.define_exposure;
  const Quanta* known = core.exposures().FindLimit(command.account, wanted.asset);
  return wanted.remove != 0 ? known != nullptr : known == nullptr || *known != wanted.limit;
}

bool NeedsProtection(const Command& command, const core::Core& core) {
  const DefineProtectionCommand& wanted = command.define_protection;
  const DefineProtectionCommand* known = core.protection(command.account, wanted.maker_group);
  return known == nullptr || !Same(*known, wanted);
}

absl::StatusOr<bool> CheckDefinition(const Command& command, const core::Core& core) {
  if (command.type == CommandType::kDefineAsset) {
    return CheckAsset(command.define_asset, core);
  }
  if (command.type == CommandType::kDefineAccount) {
    return CheckAccount(command, core);
  }
  if (command.type == CommandType::kDefineRules) {
    return !Same(core.rules(command.instrument), command.define_rules);
  }
  if (command.type == CommandType::kDefineFees) {
    return NeedsFees(command, core);
  }
  if (command.type == CommandType::kDefineExposure) {
    return NeedsExposure(command, core);
  }
  return command.type == CommandType::kDefineProtection ? NeedsProtection(command, core)
                                                        : CheckInstrument(command, core);
}

bool AnswersDefinition(EventType type) {
  return type == EventType::kAssetDefined || type == EventType::kAccountDefined ||
         type == EventType::kInstrumentDefined || type == EventType::kRulesDefined ||
         type == EventType::kFeesDefined || type == EventType::kProtectionDefined ||
         type == EventType::kExposureDefined;
}

// Consumes released events until one answers each of `expected` definitions.
absl::Status AwaitDefinitions(std::size_t expected, Engine* engine,
                              const std::function<void(const Event&)>& seen) {
  absl::Status result;
  std::size_t answered = 0;
  while (answered < expected) {
    RETURN_IF_ERROR(engine->health());
    const std::size_t polled = engine->PollEvents(
        [&](const Event& event) {
          seen(event);
          if (event.type == EventType::kCommandRejected) {
            ++answered;
            result.Update(absl::InvalidArgumentError(
                absl::StrCat("the core refuses a definition of the configuration (account ",
                             Raw(event.account), ", instrument ", Raw(event.instrument),
                             "): ", ToAbsl(RejectReasonName(event.rejected.reason)))));
          } else if (AnswersDefinition(event.type)) {
            ++answered;
          }
        },
        expected);
    if (polled == 0 && engine->ArmEventFd()) {
      pollfd waiter{.fd = engine->event_fd(), .events = POLLIN, .revents = 0};
      poll(&waiter, 1, -1);
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<Command>> DefinitionsToApply(const gateway::VenueConfig& config,
                                                        const core::Core& core) {
  std::vector<Command> commands;
  for (const Command& command : gateway::VenueDefinitions(config)) {
    ASSIGN_OR_RETURN(const bool needed, CheckDefinition(command, core));
    if (needed) {
      commands.push_back(command);
    }
  }
  return commands;
}

absl::Status ApplyDefinitions(const std::vector<Command>& definitions, Engine* engine,
                              const std::function<void(const Event&)>& seen) {
  const std::span<const Command> all(definitions);
  for (std::size_t done = 0; done < all.size(); done += kDefinitionsAtOnce) {
    const auto part = all.subspan(done, std::min(kDefinitionsAtOnce, all.size() - done));
    if (!engine->TryPublish(part)) {
      RETURN_IF_ERROR(engine->health());
      return absl::InternalError("the input ring is full although nothing else publishes");
    }
    RETURN_IF_ERROR(AwaitDefinitions(part.size(), engine, seen));
  }
  return absl::OkStatus();
}

}  // namespace tally
