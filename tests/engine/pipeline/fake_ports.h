#pragma once

// A journal, a core and an event log in memory that tests can hold, fail and inspect.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "base/assert.h"
#include "engine/pipeline/internal/ports.h"

namespace tally::internal {

// Waits, yielding, for something another thread is about to do.
template <typename Condition>
void AwaitCondition(Condition condition) {
  while (!condition()) {
    std::this_thread::yield();
  }
}

// A door: who passes waits while it is shut.
class Door {
 public:
  void Shut() { Set(true); }
  void Open() { Set(false); }
  void Pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !shut_; });
  }

 private:
  void Set(bool shut) {
    const std::lock_guard lock(mutex_);
    shut_ = shut;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool shut_ = false;
};

class FakeJournal final : public JournalPort {
 public:
  void Add(std::span<const Command> commands) override {
    open_.insert(open_.end(), commands.begin(), commands.end());
  }
  absl::Status Commit() override {
    committing.store(true);
    door.Pass();
    if (frames_.size() + 1 == fail_at_frame) {
      return absl::DataLossError("injected");
    }
    const std::lock_guard lock(mutex_);
    frames_.push_back(open_);
    open_.clear();
    return absl::OkStatus();
  }

  std::vector<std::vector<Command>> frames() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  std::vector<Command> commands() {
    std::vector<Command> all;
    for (const auto& frame : frames()) {
      all.insert(all.end(), frame.begin(), frame.end());
    }
    return all;
  }

  Door door;
  std::atomic<bool> committing{false};
  std::size_t fail_at_frame = 0;

 private:
  std::mutex mutex_;
  std::vector<Command> open_;
  std::vector<std::vector<Command>> frames_;
};

// Answers a command by Command::flags events (1 if 0), which repeat its client_sequence, and every
// command whose sequence is a multiple of the interval by a state hash besides.
class FakeCore final : public CorePort {
 public:
  void ApplyFirst(std::span<const Command> upcoming, EventSink& sink) override {
    const Command& command = upcoming.front();
    door.Pass();
    CHECK(Raw(command.sequence) == applied_.size() + 1 + first_command);
    applied_.push_back(command);
    const uint16_t count = command.flags == 0 ? uint16_t{1} : command.flags;
    for (uint16_t i = 0; i < count; ++i) {
      Emit(EventType::kCommandDone, command, sink);
    }
    if (hash_interval != 0 && Raw(command.sequence) % hash_interval == 0) {
      Emit(EventType::kStateHash, command, sink);
    }
  }
  absl::Status Verify() const override { return verify; }

  // After the pipeline has stopped.
  const std::vector<Command>& applied() const { return applied_; }

  Door door;
  uint64_t first_command = 0;
  uint64_t hash_interval = 0;
  absl::Status verify;

 private:
  void Emit(EventType type, const Command& command, EventSink& sink) {
    Event event = MakeEvent(type);
    event.sequence = EventSequence{++last_event_};
    event.command_sequence = command.sequence;
    event.client_sequence = command.client_sequence;
    event.session = command.session;
    event.timestamp_ns = command.timestamp_ns;
    if (type == EventType::kStateHash) {
      event.state_hash.state_hash.fill(static_cast<uint8_t>(Raw(command.sequence)));
    }
    sink.Append(event);
  }

  uint64_t last_event_ = 0;
  std::vector<Command> applied_;
};

class FakeEventLog final : public EventLogPort {
 public:
  absl::Status Append(std::span<const Event> appended) override {
    if (fail) {
      return absl::ResourceExhaustedError("injected");
    }
    const std::lock_guard lock(mutex_);
    events_.insert(events_.end(), appended.begin(), appended.end());
    return absl::OkStatus();
  }
  std::vector<Event> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  bool fail = false;

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace tally::internal
