#include "tests/engine/journal/fault_file_system.h"

#include <algorithm>
#include <utility>

namespace tally {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr std::size_t kSectorBytes = 512;

bool IsWal(const std::string& path) { return path.ends_with(".log"); }

bool IsHeldBack(const std::string& path) {
  return IsWal(path) || path.find("MANIFEST-") != std::string::npos;
}

IOStatus PowerIsOff() { return IOStatus::IOError("the power is off"); }

}  // namespace

class FaultFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(FaultFileSystem* system, std::string path,
            std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  ~FaultFile() override {
    std::lock_guard<std::mutex> lock(system_->mutex_);
    system_->unsynced_.erase(path_);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    std::lock_guard<std::mutex> lock(system_->mutex_);
    if (system_->cut_) {
      return PowerIsOff();
    }
    if (IsWal(path_) && ++system_->append_count_ == system_->plan_.fail_append) {
      if (system_->plan_.append_short) {
        Hold(rocksdb::Slice(data.data(), data.size() / 2));
      }
      return system_->plan_.append_no_space ? IOStatus::NoSpace("no space left")
                                            : IOStatus::IOError("input/output error");
    }
    if (!IsHeldBack(path_)) {
      return target()->Append(data, options, debug);
    }
    Hold(data);
    return IOStatus::OK();
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* debug) override {
    return Append(data, options, debug);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    std::lock_guard<std::mutex> lock(system_->mutex_);
    if (system_->cut_) {
      return PowerIsOff();
    }
    if (IsWal(path_) && ++system_->sync_count_ == system_->plan_.power_cut_sync) {
      system_->CutPowerLocked();
      return PowerIsOff();
    }
    const IOStatus released = Release(options, debug);
    if (IsWal(path_) && system_->sync_count_ == system_->plan_.fail_sync) {
      return IOStatus::IOError("input/output error");
    }
    return released;
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }

  // Closing syncs nothing; what is held back stays so as long as the file object lives, which is
  // as long as RocksDB might still sync it. The bytes are then handed to the operating system.
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    std::lock_guard<std::mutex> lock(system_->mutex_);
    if (system_->cut_) {
      return PowerIsOff();
    }
    const IOStatus released = Release(options, debug);
    return released.ok() ? target()->Close(options, debug) : released;
  }

  IOStatus RangeSync(uint64_t /*offset*/, uint64_t /*length*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

  uint64_t GetFileSize(const IOOptions& options, IODebugContext* debug) override {
    std::lock_guard<std::mutex> lock(system_->mutex_);
    const auto held = system_->unsynced_.find(path_);
    return target()->GetFileSize(options, debug) +
           (held == system_->unsynced_.end() ? 0 : held->second.bytes.size());
  }

 private:
  void Hold(const rocksdb::Slice& data) {
    FaultFileSystem::Unsynced& unsynced = system_->unsynced_[path_];
    unsynced.file = target();
    unsynced.bytes.append(data.data(), data.size());
  }

  // Writes what is held back. No real sync: the test's crash is not the machine's.
  IOStatus Release(const IOOptions& options, IODebugContext* debug) {
    const auto held = system_->unsynced_.find(path_);
    if (held == system_->unsynced_.end()) {
      return IOStatus::OK();
    }
    const std::string bytes = std::move(held->second.bytes);
    system_->unsynced_.erase(held);
    return target()->Append(bytes, options, debug);
  }

  FaultFileSystem* const system_;
  const std::string path_;
};

FaultFileSystem::FaultFileSystem(const FaultPlan& plan)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), plan_(plan), random_(plan.seed) {}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          IODebugContext* debug) {
  if (power_is_cut()) {
    return PowerIsOff();
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const IOStatus status = target()->NewWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<FaultFile>(this, path, std::move(file));
  }
  return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  return power_is_cut() ? PowerIsOff() : target()->RenameFile(from, to, options, debug);
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  return power_is_cut() ? PowerIsOff() : target()->DeleteFile(path, options, debug);
}

void FaultFileSystem::CutPower() {
  std::lock_guard<std::mutex> lock(mutex_);
  CutPowerLocked();
}

void FaultFileSystem::CutPowerLocked() {
  if (cut_) {
    return;
  }
  cut_ = true;
  for (auto& [path, unsynced] : unsynced_) {
    Tear(&unsynced);
  }
  unsynced_.clear();
}

void FaultFileSystem::Tear(Unsynced* unsynced) {
  std::string& bytes = unsynced->bytes;
  const uint64_t kind = random_() % 4;
  if (kind == 0) {
    return;  // Nothing of it arrived.
  }
  if (kind == 1) {
    bytes.resize(random_() % (bytes.size() + 1));  // A prefix arrived.
  }
  if (kind == 2) {
    // The length arrived, and any subset of the sectors; sectors are those of the file.
    const uint64_t offset = unsynced->file->GetFileSize({}, nullptr);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t sector_end = at + kSectorBytes - (offset + at) % kSectorBytes;
      const std::size_t end = std::min(sector_end, bytes.size());
      if (random_() % 2 == 0) {
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                  bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
      }
      at = end;
    }
  }
  unsynced->file->Append(bytes, {}, nullptr).PermitUncheckedError();
  unsynced->file->Flush({}, nullptr).PermitUncheckedError();
}

bool FaultFileSystem::power_is_cut() {
  std::lock_guard<std::mutex> lock(mutex_);
  return cut_;
}

uint64_t FaultFileSystem::syncs() {
  std::lock_guard<std::mutex> lock(mutex_);
  return sync_count_;
}

}  // namespace tally
