#include "tools/flow/xz_file.h"

#include <array>
#include <fstream>
#include <iterator>
#include <lzma.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::flow {
namespace {

constexpr uint64_t kDecoderMemoryBytes = uint64_t{128} << 20;

absl::StatusOr<std::string> Decode(const std::string& packed, std::size_t size_bytes_max) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kDecoderMemoryBytes, LZMA_CONCATENATED) != LZMA_OK) {
    return absl::InternalError("cannot start the xz decoder");
  }
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string result;
  std::array<uint8_t, 65'536> chunk;
  lzma_ret code = LZMA_OK;
  while (code == LZMA_OK && result.size() <= size_bytes_max) {
    stream.next_out = chunk.data();
    stream.avail_out = chunk.size();
    code = lzma_code(&stream, LZMA_FINISH);
    result.append(reinterpret_cast<const char*>(chunk.data()), chunk.size() - stream.avail_out);
  }
  lzma_end(&stream);
  if (result.size() > size_bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("unpacks to more than ", size_bytes_max, " bytes"));
  }
  if (code != LZMA_STREAM_END) {
    return absl::DataLossError(
        absl::StrCat("not a whole xz file (liblzma code ", static_cast<int>(code), ")"));
  }
  return result;
}

}  // namespace

absl::StatusOr<std::string> ReadXzFile(const std::string& path, std::size_t size_bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return ErrnoStatus("open", path);
  }
  const std::string packed{std::istreambuf_iterator<char>(file), {}};
  absl::StatusOr<std::string> result = Decode(packed, size_bytes_max);
  if (!result.ok()) {
    return Annotate(result.status(), path);
  }
  return result;
}

}  // namespace tally::flow
