#include <cerrno>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include "base/status.h"
#include "settlement/relayer/key_value_store.h"

namespace tally::settlement {
namespace {

absl::Status FromRocks(const rocksdb::Status& status, const std::string& directory) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  const std::string text = absl::StrCat(directory, ": ", status.ToString());
  if (status.IsCorruption()) {
    return absl::DataLossError(text);
  }
  if (text.find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": another relayer runs on this store"));
  }
  return status.IsNoSpace() ? absl::ResourceExhaustedError(text) : absl::InternalError(text);
}

class RocksStore final : public KeyValueStore {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::string directory)
      : db_(std::move(db)), directory_(std::move(directory)) {}

  absl::Status Write(const StoreWrite& write) override {
    if (!poison_.ok()) {
      return poison_;
    }
    rocksdb::WriteBatch batch;
    for (const std::string& key : write.deletes) {
      batch.Delete(key);
    }
    for (const auto& [key, value] : write.puts) {
      batch.Put(key, value);
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    poison_ = FromRocks(db_->Write(options, &batch), directory_);
    // Nothing about a failed write may be retried, so no caller should take it for transient.
    if (!poison_.ok()) {
      poison_ = absl::InternalError(absl::StrCat("store write failed: ", poison_.message()));
    }
    return poison_;
  }

  absl::Status Visit(std::string_view prefix, const Visitor& visitor) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
    const rocksdb::Slice start(prefix.data(), prefix.size());
    for (it->Seek(start); it->Valid() && it->key().starts_with(start); it->Next()) {
      RETURN_IF_ERROR(
          visitor({it->key().data(), it->key().size()}, {it->value().data(), it->value().size()}));
    }
    return FromRocks(it->status(), directory_);
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
  const std::string directory_;
  absl::Status poison_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyValueStore>> OpenRocksStore(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    errno = error.value();
    return ErrnoStatus("create", directory);
  }
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    return ErrnoStatus("open for writing", directory);
  }
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_open_files = 64;
  options.keep_log_file_num = 4;
  options.write_buffer_size = std::size_t{4} << 20;
  options.paranoid_checks = true;
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(options, directory, &db), directory));
  return std::make_unique<RocksStore>(std::unique_ptr<rocksdb::DB>(db), directory);
}

}  // namespace tally::settlement
