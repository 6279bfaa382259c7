#include "settlement/relayer/batch_builder.h"

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "engine/limits.h"

namespace tally::settlement {

bool BatchBuilder::IsPlausible(const Event& event) const {
  const auto found = netting_.terms().find(event.instrument);
  const int64_t fee = event.filled.fee.value;
  return found == netting_.terms().end() ||  // The netting refuses it by name.
         (IsPlausibleAmount(found->second, event.filled.price, event.filled.quantity) &&
          fee <= kMaxBalanceQuanta && fee >= -kMaxBalanceQuanta);
}

absl::Status BatchBuilder::Add(const Event& event, bool is_settled) {
  if (event.type == EventType::kOrderFilled && !IsPlausible(event)) {
    return absl::DataLossError(
        absl::StrCat("event ", Raw(event.sequence), ": a fill that no engine makes"));
  }
  if (!is_settled || event.type == EventType::kInstrumentDefined) {
    RETURN_IF_ERROR(netting_.Add(event));
  }
  if (!is_settled && event.type == EventType::kOrderFilled) {
    // The netting took the fill, so its instrument is known.
    RETURN_IF_ERROR(executions_.Add(event, netting_.terms().find(event.instrument)->second,
                                    archive_.AuthorityOf(event.order_id)));
  }
  return archive_.Apply(event, netting_.terms());
}

BatchContent BatchBuilder::Take() {
  return {.entries = netting_.Take(), .executions = executions_.Take(domain_)};
}

void BatchBuilder::Discard() {
  netting_ = NettingWindow(netting_.terms());
  executions_ = {};
}

}  // namespace tally::settlement
