// Keccak, RLP, ABI and 256-bit integers against published vectors.

#include <gtest/gtest.h>

#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"
#include "settlement/chain/rlp.h"
#include "settlement/chain/uint256.h"

namespace tally::settlement {
namespace {

TEST(KeccakTest, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Keccak256(ByteView())),
            "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(Hex(Keccak256(View("abc"))),
            "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST(KeccakTest, PartsHashAsTheirConcatenation) {
  EXPECT_EQ(Keccak256({View("a"), View("b"), View("c")}), Keccak256(View("abc")));
}

// Examples of the Ethereum wiki's RLP page.
TEST(RlpTest, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(RlpString(View("dog"))), "0x83646f67");
  EXPECT_EQ(Hex(RlpString(View(""))), "0x80");
  EXPECT_EQ(Hex(RlpInteger(0)), "0x80");
  EXPECT_EQ(Hex(RlpInteger(15)), "0x0f");
  EXPECT_EQ(Hex(RlpInteger(1024)), "0x820400");
  EXPECT_EQ(Hex(RlpList({})), "0xc0");
  Bytes animals = RlpString(View("cat"));
  AppendBytes(&animals, RlpString(View("dog")));
  EXPECT_EQ(Hex(RlpList(animals)), "0xc88363617483646f67");
  EXPECT_EQ(
      Hex(RlpString(View("Lorem ipsum dolor sit amet, consectetur adipisicing elit"))),
      "0xb8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164"
      "697069736963696e6720656c6974");
}

TEST(RlpTest, DecodesWhatItEncodes) {
  Bytes fields = RlpInteger(0);
  AppendBytes(&fields, RlpInteger(127));
  AppendBytes(&fields, RlpString(Bytes(300, 7)));
  AppendBytes(&fields, RlpList({}));
  const auto items = RlpDecodeList(RlpList(fields));
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(*items, (std::vector<Bytes>{{}, {127}, Bytes(300, 7), {0xc0}}));
}

TEST(RlpTest, RefusesEveryTruncation) {
  Bytes fields = RlpString(Bytes(60, 7));
  AppendBytes(&fields, RlpInteger(1024));
  const Bytes list = RlpList(fields);
  for (std::size_t size = 0; size < list.size(); ++size) {
    EXPECT_FALSE(RlpDecodeList(ByteView(list).first(size)).ok()) << size;
  }
}

TEST(Uint256Test, QuantitiesHaveNoLeadingZeros) {
  EXPECT_EQ(ToQuantity(0), "0x0");
  EXPECT_EQ(ToQuantity(1024), "0x400");
  EXPECT_EQ(*ParseQuantity("0x400"), 1024);
  EXPECT_FALSE(ParseQuantity("400").ok());
  EXPECT_FALSE(ParseQuantity("0x").ok());
  EXPECT_FALSE(ParseQuantity64("0x10000000000000000").ok());
}

TEST(BytesTest, HexRefusesOddAndForeignDigits) {
  EXPECT_FALSE(ParseHex("0x123").ok());
  EXPECT_FALSE(ParseHex("0xzz").ok());
  EXPECT_FALSE(ParseAddress("0x1234").ok());
  EXPECT_EQ(*ParseHex("0xAbcD"), (Bytes{0xab, 0xcd}));
}

// Examples of the contract ABI specification.
TEST(AbiTest, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Selector("transfer(address,uint256)")), "0xa9059cbb");
  EXPECT_EQ(Hex(AbiEncoder().Add(69).Add(1).Call("baz(uint32,bool)")),
            "0xcdcd77c0"
            "0000000000000000000000000000000000000000000000000000000000000045"
            "0000000000000000000000000000000000000000000000000000000000000001");
  EXPECT_EQ(Hex(AbiEncoder()
                    .AddBytes(View("dave"))
                    .Add(1)
                    .AddArray(std::vector<uint64_t>{1, 2, 3})
                    .Call("sam(bytes,bool,uint256[])")),
            "0xa5643bf2"
            "0000000000000000000000000000000000000000000000000000000000000060"
            "0000000000000000000000000000000000000000000000000000000000000001"
            "00000000000000000000000000000000000000000000000000000000000000a0"
            "0000000000000000000000000000000000000000000000000000000000000004"
            "6461766500000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000000000000000000003"
            "0000000000000000000000000000000000000000000000000000000000000001"
            "0000000000000000000000000000000000000000000000000000000000000002"
            "0000000000000000000000000000000000000000000000000000000000000003");
  EXPECT_EQ(Hex(EventTopic("Transfer(address,address,uint256)")),
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

TEST(AbiTest, DescribesReverts) {
  EXPECT_EQ(DescribeRevert(AbiEncoder().AddBytes(View("no money")).Call("Error(string)")),
            "no money");
  EXPECT_EQ(DescribeRevert(AbiEncoder().Add(17).Call("Panic(uint256)")), "panic 17");
  EXPECT_EQ(DescribeRevert({}), "reverted without data");
}

TEST(AbiTest, ReaderRefusesMissingAndLargeWords) {
  const Bytes data(32, 0xff);
  const AbiReader reader(data);
  EXPECT_TRUE(reader.Word(0).ok());
  EXPECT_FALSE(reader.Word64(0).ok());
  EXPECT_FALSE(reader.Word(1).ok());
}

}  // namespace
}  // namespace tally::settlement
