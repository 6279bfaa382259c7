#include "tools/tally/block_fees_file.h"

#include <fstream>
#include <zlib.h>

#include <gtest/gtest.h>

namespace tally {
namespace {

class BlockFeesFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }
  std::string WriteGzip(const std::string& text) {
    gzFile file = gzopen(path_.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path_;
  }

  const std::string path_ = testing::TempDir() + "/block_fees_file_test.csv";
};

constexpr char kText[] =
    "Base fee per gas,Miner,Block number,Time,Gas used,Gas limit\n"
    "100,a,7,1628166822,15,30\n"
    "101,b,8,1628166835,16,30\r\n";

TEST_F(BlockFeesFileTest, ReadsColumnsByTheirHeadingsPlainAndCompressed) {
  for (const std::string& path : {Write(kText), WriteGzip(kText)}) {
    const auto blocks = ReadBlockFees(path);
    ASSERT_TRUE(blocks.ok()) << blocks.status();
    ASSERT_EQ(blocks->size(), 2u);
    EXPECT_EQ((*blocks)[1].number, 8u);
    EXPECT_EQ((*blocks)[1].timestamp_s, 1'628'166'835u);
    EXPECT_EQ((*blocks)[1].gas_used, 16u);
    EXPECT_EQ((*blocks)[1].gas_limit, 30u);
    EXPECT_EQ((*blocks)[1].base_fee_wei, 101u);
  }
}

TEST_F(BlockFeesFileTest, NamesTheLineThatIsWrong) {
  struct Row {
    std::string text;
    const char* names;
  };
  const Row rows[] = {
      {"", "line 1"},
      {"Block number,Time,Gas used,Gas limit\n1,2,3,4\n", "base fee"},
      {std::string(kText) + "1,2,3\n", "line 4"},
      {std::string(kText) + "1,a,9,1,x,30\n", "line 4: no number for 'gas used'"},
  };
  for (const Row& row : rows) {
    const auto blocks = ReadBlockFees(Write(row.text));
    EXPECT_EQ(blocks.status().code(), absl::StatusCode::kInvalidArgument) << row.text;
    EXPECT_NE(std::string(blocks.status().message()).find(row.names), std::string::npos)
        << blocks.status();
  }
  EXPECT_FALSE(ReadBlockFees(path_ + ".absent").ok());
}

TEST_F(BlockFeesFileTest, ACutCompressedFileIsDataLoss) {
  std::string text(kText);
  for (uint64_t i = 9; i < 5'000; ++i) {
    text += std::to_string(100 + i * i % 977) + ",a," + std::to_string(i) + ",1,15,30\n";
  }
  WriteGzip(text);
  std::ifstream in(path_, std::ios::binary);
  std::string packed{std::istreambuf_iterator<char>(in), {}};
  packed.resize(packed.size() / 2);
  EXPECT_EQ(ReadBlockFees(Write(packed)).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tally
