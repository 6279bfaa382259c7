#pragma once

#include <cstddef>
#include <cstdint>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tally {

// What a successful append promises.
enum class Durability : uint8_t {
  kSync = 1,   // The frame is on stable storage.
  kAsync = 2,  // The frame is in the operating system: it survives a kill, and a power cut loses
               // at most what was appended in the last anchor interval.
};

struct JournalOptions {
  Durability durability = Durability::kSync;
  // How often the anchor (the independent witness of the journal's end) follows the journal; in
  // async mode also how often the journal is synced. 20 small writes a second by default.
  int64_t anchor_interval_ns = 50'000'000;
  // Frames are in memory and in the write-ahead log until this many bytes are, then in a table.
  std::size_t memtable_bytes = std::size_t{64} << 20;
  // Opening for writing is refused with kResourceExhausted when less space is free: a journal that
  // fills its disk needs free space even to be opened again.
  uint64_t free_bytes_min = uint64_t{256} << 20;
  // The file system under RocksDB; null is the real one. Tests inject faults here.
  rocksdb::Env* env = nullptr;
};

}  // namespace tally
