#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace tally::bench {

// What a server process and fix_bench say to each other: SIGTERM ends it, and lines on standard
// output say "port N" and "orders N".
void BlockTermination();  // Before any thread is started.
void AwaitTermination();
void AnnouncePort(uint16_t port);
void AnnounceOrders(uint64_t orders);

// The least that a FIX responder can do: frames, CheckSum, one ExecutionReport from the fields of
// the order; no session rules, no validation, no memory. One connection after the other.
absl::Status ServeBare();

}  // namespace tally::bench
