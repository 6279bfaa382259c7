#include "engine/journal/internal/rocks.h"

#include <cstdarg>
#include <sys/stat.h>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/env.h"

#include "base/status.h"

namespace tally::internal {
namespace {

// A reader writes nothing, not even RocksDB's own log. Nor does a writer: when a write to that log
// has failed, as on a full disk, the next one ends the process by an assertion of RocksDB (7.8.3,
// WritableFileWriter), before anyone could say why. What matters comes back as a status.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

std::string DbPath(const std::string& directory) { return directory + "/db"; }

// Everything here was measured or is required for correctness; no other knob of RocksDB matters
// for one thread that appends large values in key order.
rocksdb::Options CommonOptions(WalRecovery recovery) {
  rocksdb::Options options;
  options.wal_recovery_mode = recovery == WalRecovery::kTolerateTornTail
                                  ? rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords
                                  : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Opening needs no space for tables then; but a log with a bad tail is to be gone afterwards,
  // or the next opening would meet it again.
  options.avoid_flush_during_recovery = recovery == WalRecovery::kTolerateTornTail;
  options.avoid_flush_during_shutdown = true;
  options.recycle_log_file_num = 0;
  options.wal_compression = rocksdb::kNoCompression;
  options.compression = rocksdb::kNoCompression;
  options.compaction_style = rocksdb::kCompactionStyleLevel;  // FIFO would delete the journal.
  options.paranoid_checks = true;
  options.track_and_verify_wals_in_manifest = true;
  options.max_open_files = -1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<SilentLogger>();
  return options;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, std::string_view context) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  absl::StatusCode code = absl::StatusCode::kInternal;
  if (status.IsCorruption()) {
    code = absl::StatusCode::kDataLoss;
  } else if (status.IsNoSpace()) {
    code = absl::StatusCode::kResourceExhausted;
  }
  return {code, absl::StrCat(ToAbsl(context), ": ", status.ToString())};
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDbForReading(const std::string& directory,
                                                              WalRecovery recovery) {
  const rocksdb::Options options = CommonOptions(recovery);
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::OpenForReadOnly(options, DbPath(directory), &db),
                            "opening the journal for reading"));
  return std::unique_ptr<rocksdb::DB>(db);
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDbForWriting(const std::string& directory,
                                                              const JournalOptions& journal,
                                                              WalRecovery recovery) {
  rocksdb::Options options = CommonOptions(recovery);
  options.create_if_missing = true;
  options.write_buffer_size = journal.memtable_bytes;
  options.max_write_buffer_number = 4;
  options.max_total_wal_size = uint64_t{512} << 20;
  options.bytes_per_sync = uint64_t{1} << 20;  // Tables are written out evenly.
  options.max_background_jobs = 2;
  options.allow_concurrent_memtable_write = false;
  // Files of level 0 never overlap: many of them slow nothing down.
  options.level0_slowdown_writes_trigger = 1000;
  options.level0_stop_writes_trigger = 2000;
  options.max_bgerror_resume_count = 0;  // A failed write is final.
  options.keep_log_file_num = 4;
  options.max_log_file_size = std::size_t{1} << 20;
  if (journal.env != nullptr) {
    options.env = journal.env;
  }
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(options, DbPath(directory), &db),
                            "opening the journal for writing"));
  return std::unique_ptr<rocksdb::DB>(db);
}

bool DbExists(const std::string& directory) {
  struct stat info {};
  return ::stat((DbPath(directory) + "/CURRENT").c_str(), &info) == 0;
}

std::string FrameKey(CommandSequence first_sequence) {
  std::string key(sizeof(uint64_t), '\0');
  uint64_t value = Raw(first_sequence);
  for (std::size_t i = key.size(); i-- > 0; value >>= 8) {
    key[i] = static_cast<char>(value & 0xff);
  }
  return key;
}

}  // namespace tally::internal
