#pragma once

// Every sequencer with every wait strategy, for typed suites.

#include <cstdint>

#include "gtest/gtest.h"

#include "engine/ring/ring_buffer.h"

namespace tally {

template <template <typename> typename RingTemplate, WaitKind kWaitKind>
struct RingVariant {
  template <typename T>
  using Ring = RingTemplate<T>;
  static constexpr WaitKind kWait = kWaitKind;
};

using RingVariants = testing::Types<RingVariant<SingleProducerRing, WaitKind::kSpin>,
                                    RingVariant<SingleProducerRing, WaitKind::kYield>,
                                    RingVariant<SingleProducerRing, WaitKind::kBlock>,
                                    RingVariant<MultiProducerRing, WaitKind::kSpin>,
                                    RingVariant<MultiProducerRing, WaitKind::kYield>,
                                    RingVariant<MultiProducerRing, WaitKind::kBlock>>;

}  // namespace tally
