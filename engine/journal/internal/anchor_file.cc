#include "engine/journal/internal/anchor_file.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/checksum.h"
#include "base/status.h"

namespace tally::internal {
namespace {

constexpr uint32_t kAnchorMagic = 0x31414c54;  // "TLA1" in the file.
constexpr uint32_t kAnchorVersion = 1;
constexpr std::size_t kSlotBytes = 4096;

struct Slot {
  uint32_t magic;
  uint32_t version;
  uint64_t generation;
  CommandSequence sequence;
  Sha256Digest frame_hash;
  uint32_t reserved;
  uint32_t crc32c;  // Of the bytes before it.
};
static_assert(sizeof(Slot) == 64);
static_assert(std::has_unique_object_representations_v<Slot>);

bool IsValid(const Slot& slot) {
  return slot.magic == kAnchorMagic && slot.version == kAnchorVersion &&
         slot.crc32c == Crc32c(&slot, offsetof(Slot, crc32c));
}

// The newest valid slot; nothing if neither is valid.
absl::StatusOr<std::optional<Slot>> ReadNewest(const File& file, const std::string& path) {
  std::optional<Slot> newest;
  for (uint64_t index = 0; index < 2; ++index) {
    Slot slot{};
    ASSIGN_OR_RETURN(const std::size_t got, ReadAt(file, reinterpret_cast<char*>(&slot),
                                                   sizeof slot, index * kSlotBytes, path));
    if (got == sizeof slot && IsValid(slot) && (slot.generation & 1) == index &&
        (!newest || slot.generation > newest->generation)) {
      newest = slot;
    }
  }
  return newest;
}

std::array<char, kSlotBytes> EncodeSlot(uint64_t generation, const Anchor& anchor) {
  Slot slot{};
  slot.magic = kAnchorMagic;
  slot.version = kAnchorVersion;
  slot.generation = generation;
  slot.sequence = anchor.sequence;
  slot.frame_hash = anchor.frame_hash;
  slot.crc32c = Crc32c(&slot, offsetof(Slot, crc32c));
  std::array<char, kSlotBytes> bytes{};
  std::memcpy(bytes.data(), &slot, sizeof slot);
  return bytes;
}

// Whole or not at all: written under another name first.
absl::Status Create(const std::string& directory) {
  const std::string path = directory + "/anchor.tmp";
  {
    ASSIGN_OR_RETURN(const File file, File::Open(path, O_WRONLY | O_CREAT | O_TRUNC | O_DSYNC));
    for (uint64_t generation : {0, 1}) {
      const std::array<char, kSlotBytes> bytes = EncodeSlot(generation, Anchor{});
      RETURN_IF_ERROR(WriteFully(file, {bytes.data(), bytes.size()}, path));
    }
  }
  if (std::rename(path.c_str(), (directory + "/anchor").c_str()) != 0) {
    return ErrnoStatus("rename", path);
  }
  return SyncDirectory(directory);
}

absl::Status NoValidSlot(const std::string& path) {
  return absl::DataLossError(absl::StrCat(
      path,
      " has no valid slot, so the end of the journal cannot be confirmed; restore the "
      "journal from a replica or backup, or remove this file to accept its end as it is"));
}

}  // namespace

absl::StatusOr<AnchorFile> AnchorFile::Open(const std::string& directory) {
  const std::string path = directory + "/anchor";
  absl::StatusOr<File> file = File::Open(path, O_RDWR | O_DSYNC);
  if (absl::IsNotFound(file.status())) {
    RETURN_IF_ERROR(Create(directory));
    file = File::Open(path, O_RDWR | O_DSYNC);
  }
  RETURN_IF_ERROR(file.status());
  ASSIGN_OR_RETURN(const std::optional<Slot> slot, ReadNewest(*file, path));
  if (!slot) {
    return NoValidSlot(path);
  }
  return AnchorFile(*std::move(file), path, slot->generation);
}

absl::StatusOr<std::optional<Anchor>> AnchorFile::Read(const std::string& directory) {
  const std::string path = directory + "/anchor";
  absl::StatusOr<File> file = File::Open(path, O_RDONLY);
  if (absl::IsNotFound(file.status())) {
    return std::optional<Anchor>();
  }
  RETURN_IF_ERROR(file.status());
  ASSIGN_OR_RETURN(const std::optional<Slot> slot, ReadNewest(*file, path));
  if (!slot) {
    return NoValidSlot(path);
  }
  return std::optional<Anchor>(Anchor{slot->sequence, slot->frame_hash});
}

absl::Status AnchorFile::Write(const Anchor& anchor) {
  const uint64_t generation = generation_ + 1;
  const std::array<char, kSlotBytes> bytes = EncodeSlot(generation, anchor);
  RETURN_IF_ERROR(
      WriteFullyAt(file_, {bytes.data(), bytes.size()}, (generation & 1) * kSlotBytes, path_));
  generation_ = generation;
  return absl::OkStatus();
}

}  // namespace tally::internal
