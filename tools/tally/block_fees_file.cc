#include "tools/tally/block_fees_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <zlib.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/status.h"

namespace tally {
namespace {

using settlement::BlockFees;

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;

struct GzipCloser {
  void operator()(gzFile file) const { gzclose(file); }
};

// What is not compressed is read as it is.
absl::StatusOr<std::string> ReadGzipFile(const std::string& path) {
  const std::unique_ptr<gzFile_s, GzipCloser> file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return ErrnoStatus("open", path);
  }
  std::string text;
  std::array<char, 65'536> chunk;
  for (;;) {
    const int count = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    if (count <= 0) {
      break;
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > kFileBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, ": more than ", kFileBytesMax, " bytes"));
    }
  }
  int error = Z_OK;
  const char* message = gzerror(file.get(), &error);
  if (error != Z_OK) {
    return absl::DataLossError(absl::StrCat(path, ": ", message));
  }
  return text;
}

struct Column {
  const char* name;  // What its heading begins with, in lower case.
  uint64_t BlockFees::*field;
};
constexpr std::array<Column, 5> kColumns = {{{"block", &BlockFees::number},
                                             {"time", &BlockFees::timestamp_s},
                                             {"gas used", &BlockFees::gas_used},
                                             {"gas limit", &BlockFees::gas_limit},
                                             {"base fee", &BlockFees::base_fee_wei}}};
using Places = std::array<std::size_t, kColumns.size()>;

absl::StatusOr<Places> FindColumns(absl::string_view heading) {
  const std::vector<std::string> names = absl::StrSplit(absl::AsciiStrToLower(heading), ',');
  Places places{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
      return absl::StripLeadingAsciiWhitespace(name).substr(
                 0, std::string_view(kColumns[i].name).size()) == kColumns[i].name;
    });
    if (found == names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line 1: no column '", kColumns[i].name, "' in the heading"));
    }
    places[i] = static_cast<std::size_t>(found - names.begin());
  }
  return places;
}

}  // namespace

absl::StatusOr<std::vector<BlockFees>> ReadBlockFees(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadGzipFile(path));
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const absl::StatusOr<Places> places = FindColumns(lines.front());
  if (!places.ok()) {
    return Annotate(places.status(), path);
  }
  std::vector<BlockFees> blocks;
  for (std::size_t at = 1; at < lines.size(); ++at) {
    const absl::string_view line = absl::StripAsciiWhitespace(lines[at]);
    if (line.empty()) {
      continue;
    }
    const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
    BlockFees& block = blocks.emplace_back();
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if ((*places)[i] >= cells.size() ||
          !absl::SimpleAtoi(cells[(*places)[i]], &(block.*kColumns[i].field))) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": line ", at + 1, ": no number for '", kColumns[i].name, "'"));
      }
    }
  }
  return blocks;
}

}  // namespace tally
