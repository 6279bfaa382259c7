#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace tally {

// What a test may do to the disk under RocksDB. Counts are of calls on write-ahead logs; 0 is
// never.
struct FaultPlan {
  uint64_t fail_sync = 0;        // The nth sync fails with EIO; what was written stays written.
  uint64_t fail_append = 0;      // The nth append fails...
  bool append_no_space = false;  // ... for want of space, otherwise with EIO,
  bool append_short = false;     // ... after half of the bytes.
  uint64_t power_cut_sync = 0;   // The power fails during the nth sync.
  uint64_t seed = 1;             // Decides what of the unsynced bytes survives the power cut.
};

// A file system that keeps the unsynced bytes of write-ahead logs and manifests in memory, so that
// a power cut can drop or tear them by sectors of 512 bytes: any subset of the sectors reaches the
// disk. After the cut every call fails. Metadata (names, lengths) is taken to be durable at once,
// and table files, which RocksDB syncs before it refers to them, are written through.
// Thread safety: any thread.
class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultFileSystem(const FaultPlan& plan);
  static const char* kClassName() { return "FaultFileSystem"; }
  const char* Name() const override { return kClassName(); }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // Cuts the power now, if it has not been.
  void CutPower();
  bool power_is_cut();
  uint64_t syncs();

 private:
  friend class FaultFile;

  // Bytes of a file that were appended and not synced.
  struct Unsynced {
    rocksdb::FSWritableFile* file = nullptr;
    std::string bytes;
  };

  void CutPowerLocked();
  void Tear(Unsynced* unsynced);

  const FaultPlan plan_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, Unsynced> unsynced_;
  uint64_t append_count_ = 0;
  uint64_t sync_count_ = 0;
  bool cut_ = false;
};

}  // namespace tally
