#include "engine/ring/wait_strategy.h"

#include <climits>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

namespace tally {

static_assert(std::atomic<uint32_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "the futex word is the atomic");

std::string_view WaitKindName(WaitKind kind) {
  switch (kind) {
    case WaitKind::kSpin:
      return "spin";
    case WaitKind::kYield:
      return "yield";
    case WaitKind::kBlock:
      return "block";
  }
  return "unknown";
}

std::optional<WaitKind> ParseWaitKind(std::string_view name) {
  for (const WaitKind kind : {WaitKind::kSpin, WaitKind::kYield, WaitKind::kBlock}) {
    if (name == WaitKindName(kind)) {
      return kind;
    }
  }
  return std::nullopt;
}

void WaitStrategy::Yield() { sched_yield(); }

void WaitStrategy::Sleep(uint32_t word) {
  // Not std::atomic::wait: libstdc++ polls and yields before it sleeps. Every way in which the call
  // returns (woken, the word has changed, a signal) leads to another look by the caller.
  syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, word, nullptr, nullptr, 0);
}

void WaitStrategy::WakeSleepers(uint32_t word) {
  // Only one waker makes the system call. One that loses the exchange lost it to another waker,
  // which wakes the same sleepers; they look again after that exchange, so they see the loser's
  // store too. Sequentially consistent for that reason: pairs with the fetch_or in WaitUntil.
  if (word_.compare_exchange_strong(word, word + 1, std::memory_order_seq_cst)) {
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }
}

}  // namespace tally
