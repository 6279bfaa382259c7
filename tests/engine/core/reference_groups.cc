// OCO, OTO and OTOCO in ReferenceMarket.

#include <algorithm>

#include "tests/engine/core/reference_market.h"

namespace tally {

// An OCO has something to cancel, which goes before what starts.
void ReferenceMarket::MarkDue(const GroupKey& key) {
  const auto has = [&](const std::vector<GroupKey>& queue) {
    return std::find(queue.begin(), queue.end(), key) != queue.end();
  };
  if (!has(cancels_due_) && !has(starts_due_)) {
    (groups_.at(key).stage == Stage::kOneCancels ? cancels_due_ : starts_due_).push_back(key);
  }
}

void ReferenceMarket::Touch(OrderId id) {
  const auto found = groups_.find(GroupOf(id));
  if (found == groups_.end()) {
    return;
  }
  for (Leg& leg : found->second.legs) {
    leg.touched |= leg.id == id;
  }
  if (found->second.stage == Stage::kOneCancels) {
    MarkDue(found->first);
  }
}

void ReferenceMarket::NoteEnd(OrderId id, QuantityLots executed) {
  const auto found = groups_.find(GroupOf(id));
  if (found == groups_.end()) {
    return;
  }
  for (const Leg& leg : found->second.legs) {
    found->second.broken |= leg.id == id && executed < leg.quantity;
  }
  MarkDue(found->first);
}

// What is open of it is canceled, but for one.
void ReferenceMarket::EndGroup(const GroupKey& key, OrderId spared, Lines* lines) {
  const std::vector<Leg> legs = groups_.at(key).legs;
  groups_.erase(key);
  for (const Leg& leg : legs) {
    if (leg.id != spared && IsOpen(leg.id)) {
      End(leg.id, CancelReason::kGroup, lines);
    }
  }
}

void ReferenceMarket::StartLegs(const GroupKey& key, std::size_t first, Lines* lines) {
  groups_.at(key).stage = Stage::kOneCancels;
  for (std::size_t i = first; i < groups_.at(key).legs.size(); ++i) {
    const bool is_due =
        std::find(cancels_due_.begin(), cancels_due_.end(), key) != cancels_due_.end();
    if (!is_due) {
      Start(groups_.at(key).legs[i].id, lines);
    }
  }
}

void ReferenceMarket::StartGroup(const GroupKey& key, Lines* lines) {
  Group& group = groups_.at(key);
  if (group.kind == Contingency::kOco) {
    StartLegs(key, 0, lines);
  } else {
    group.stage = Stage::kFirst;
    Start(group.legs[0].id, lines);
  }
}

// The first is executed: the others need their funds, all of them or none starts.
void ReferenceMarket::Release(const GroupKey& key, Lines* lines) {
  const Group group = groups_.at(key);
  std::map<AssetId, int64_t> need;
  for (std::size_t i = 1; i < group.legs.size(); ++i) {
    const Order& order = orders_.at(group.legs[i].id);
    int64_t& sum = need[HoldAsset(order)];
    const bool shares = i == 2 && orders_.at(group.legs[1].id).side == order.side;
    sum = shares ? std::max(sum, HoldOf(order)) : sum + HoldOf(order);
    if (sum > available(order.account, HoldAsset(order))) {
      EndGroup(key, OrderId{}, lines);
      return;
    }
  }
  if (group.kind == Contingency::kOtoco) {
    StartLegs(key, 1, lines);
    return;
  }
  groups_.erase(key);
  Start(group.legs[1].id, lines);
}

void ReferenceMarket::Resolve(const GroupKey& key, Lines* lines) {
  const Group& group = groups_.at(key);
  OrderId touched{};
  for (const Leg& leg : group.legs) {
    touched = touched == OrderId{} && IsOpen(leg.id) && leg.touched ? leg.id : touched;
  }
  if (group.stage == Stage::kOneCancels) {
    EndGroup(key, touched, lines);
  } else if (group.broken) {
    EndGroup(key, OrderId{}, lines);
  } else if (group.stage == Stage::kCollecting) {
    StartGroup(key, lines);
  } else {
    Release(key, lines);
  }
}

}  // namespace tally
