// `tally relay` and `tally deploy` as an operator meets them: what is missing or wrong is said.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/assert.h"
#include "evm/key_file.h"
#include "evm/keystore.h"
#include "settlement/chain/abi.h"
#include "settlement/signing/remote_signer.h"
#include "tests/settlement/anvil_process.h"
#include "tests/support/venue_process.h"
#include "tools/process/child_process.h"

namespace tally {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kNobodyListens[] = "http://127.0.0.1:1";  // Reserved, and below what tests may bind.
constexpr char kVaultNowhere[] = "0x00000000000000000000000000000000000000aa";
// Key 0 of the development node's public test mnemonic.
constexpr char kFundedTestKey[] =
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

constexpr char kFundedTestAddress[] = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

class RelayCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(VenueKey(kVenueSettlementKey).Save(PathOf("relayer.key")).ok());
    std::ofstream(PathOf("operator.key")) << kFundedTestKey << "\n";
    std::filesystem::permissions(PathOf("operator.key"), std::filesystem::perms::owner_read);
  }

  std::string PathOf(const std::string& name) const { return venue_.directory() + "/" + name; }

  // The venue's configuration with a [settlement] section.
  std::string WriteConfig(const std::string& rpc_url, int chain_id, const std::string& vault) {
    const std::string path = PathOf("settled.toml");
    std::ofstream(path)
        << VenueText({})
        << absl::StrCat(
               "\n[settlement]\nrpc_url = \"", rpc_url, "\"\nchain_id = ", chain_id, "\nvault = \"",
               vault,
               "\"\noperator_key_file = \"operator.key\"\ndata_directory = \"relayer\"\nkey_id = ",
               kVenueSettlementKey, "\nkey_file = \"relayer.key\"\n");
    return path;
  }

  static CommandResult Relay(const std::string& config) {
    return RunCommand({TALLY_PROGRAM, "relay", "--config", config, "--engine", "127.0.0.1:1"});
  }

  static settlement::AnvilProcess StartNode() {
    auto node = settlement::AnvilProcess::Start(TALLY_ANVIL);
    CHECK(node.ok());
    return *std::move(node);
  }

  VenueProcess venue_{TALLY_PROGRAM, {}};
};

TEST_F(RelayCommandTest, NodeOnAnotherChainIsNamedWithBothChains) {
  const settlement::AnvilProcess node = StartNode();
  const CommandResult result = Relay(WriteConfig(node.url(), 5, kVaultNowhere));
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("chain 31337"), HasSubstr("configuration says 5")));
}

TEST_F(RelayCommandTest, AddressWithoutVaultIsRefused) {
  const settlement::AnvilProcess node = StartNode();
  const CommandResult result = Relay(WriteConfig(node.url(), 31337, kVaultNowhere));
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr(kVaultNowhere));
}

TEST_F(RelayCommandTest, KeyThatOthersMayReadIsRefused) {
  std::filesystem::permissions(PathOf("operator.key"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const CommandResult result = Relay(WriteConfig(kNobodyListens, 31337, kVaultNowhere));
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("chmod 600"));
}

TEST_F(RelayCommandTest, ConfigurationWithoutSettlementSaysWhatToAdd) {
  const CommandResult result = Relay(venue_.config_path());
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("[settlement]"));
}

TEST_F(RelayCommandTest, NodeThatIsDownIsWaitedForAndNamed) {
  ASSERT_TRUE(venue_.Start().ok());
  absl::StatusOr<ChildProcess> relay =
      ChildProcess::Start({.arguments = {TALLY_PROGRAM, "relay", "--config",
                                         WriteConfig(kNobodyListens, 31337, kVaultNowhere),
                                         "--engine-ready-file", venue_.ready_path()},
                           .log_path = PathOf("relay.log"),
                           .environment = {}});
  ASSERT_TRUE(relay.ok());
  const absl::StatusOr<std::string> log = WaitForLog("127.0.0.1:1", *relay, 30'000);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE(WaitForLog("refused", *relay, 30'000).ok());
  EXPECT_TRUE(relay->Running());
  relay->Signal(SIGTERM);
  const absl::StatusOr<int> exit_code = relay->Wait(30'000);
  ASSERT_TRUE(exit_code.ok()) << exit_code.status();
  EXPECT_EQ(*exit_code, 0);
}

TEST_F(RelayCommandTest, DeployedVaultIsTaken) {
  const settlement::AnvilProcess node = StartNode();
  const CommandResult deployed = RunCommand(
      {TALLY_PROGRAM, "deploy", "--config", WriteConfig(node.url(), 31337, kVaultNowhere),
       "--artifacts", TALLY_CONTRACTS, "--key-file", PathOf("operator.key")});
  ASSERT_EQ(deployed.exit_code, 0) << deployed.output;
  const std::size_t at = deployed.output.find("\"vault\"");
  ASSERT_NE(at, std::string::npos) << deployed.output;
  const std::string vault = deployed.output.substr(deployed.output.find("0x", at), 42);

  ASSERT_TRUE(venue_.Start().ok());
  absl::StatusOr<ChildProcess> relay = ChildProcess::Start(
      {.arguments = {TALLY_PROGRAM, "relay", "--config", WriteConfig(node.url(), 31337, vault),
                     "--engine-ready-file", venue_.ready_path()},
       .log_path = PathOf("relay.log"),
       .environment = {}});
  ASSERT_TRUE(relay.ok());
  const absl::StatusOr<std::string> log = WaitForLog(vault, *relay, 30'000);
  ASSERT_TRUE(log.ok()) << log.status();
  relay->Signal(SIGTERM);
  EXPECT_EQ(relay->Wait(30'000).value_or(-1), 0);
}

// A keystore made from the raw key, held by a process of its own.
TEST_F(RelayCommandTest, SignerHoldsTheKeyAndSignsOnlyTheRelayersCalls) {
  ASSERT_TRUE(evm::WriteSecretFile(PathOf("word"), "a passphrase\n").ok());
  ASSERT_TRUE(evm::WriteSecretFile(PathOf("token"), "a-token\n").ok());
  const CommandResult made =
      RunCommand({TALLY_PROGRAM, "keygen", "--chain", PathOf("operator.json"), "--import",
                  PathOf("operator.key"), "--passphrase-file", PathOf("word")});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr(kFundedTestAddress));

  const std::string vault = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
  absl::StatusOr<ChildProcess> process = ChildProcess::Start(
      {.arguments = {TALLY_PROGRAM, "signer", "--config", WriteConfig(kNobodyListens, 31337, vault),
                     "--role", "operator", "--key-file", PathOf("operator.json"),
                     "--passphrase-file", PathOf("word"), "--token-file", PathOf("token"),
                     "--ledger", PathOf("signed.txt"), "--port", "0"},
       .log_path = PathOf("signer.log"),
       .environment = {}});
  ASSERT_TRUE(process.ok()) << process.status();
  const absl::StatusOr<std::string> log = WaitForLog("signing for", *process, 60'000);
  ASSERT_TRUE(log.ok()) << log.status();
  const std::size_t at = log->find("http://");
  settlement::RemoteSignerOptions options;
  options.url = log->substr(at, log->find_first_of(" \n", at) - at);
  options.address = *settlement::ParseAddress(kFundedTestAddress);
  options.bearer_token = evm::SecretText("a-token");
  const auto signer = *settlement::MakeRemoteSigner(std::move(options));

  settlement::Transaction call{
      .chain_id = 31337,
      .fee_cap_wei = 1'000'000'000,
      .gas_limit = 1'000'000,
      .to = settlement::ParseAddress(vault).value(),
      .data = settlement::Selector(
          "settle((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes)")};
  const auto good = signer->Sign(call);
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(settlement::DecodeTransaction(good->raw)->sender, signer->address());
  call.data = settlement::Selector("setOperator(address)");
  EXPECT_EQ(signer->Sign(call).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(WaitForLog("ALARM", *process, 30'000).ok());
  process->Signal(SIGTERM);
  EXPECT_EQ(process->Wait(30'000).value_or(-1), 0);
  EXPECT_TRUE(std::filesystem::exists(PathOf("signed.txt")));
}

TEST_F(RelayCommandTest, AKeystoreWithAWrongPassphraseSaysSo) {
  std::filesystem::remove(PathOf("operator.key"));
  ASSERT_TRUE(evm::WriteSecretFile(PathOf("operator.key"),
                                   evm::SealKeystore(*evm::PrivateKey::FromHex(kFundedTestKey),
                                                     "a passphrase", {.n = 1024, .r = 1, .p = 1}))
                  .ok());
  const std::string config = WriteConfig(kNobodyListens, 31337, kVaultNowhere);
  ASSERT_TRUE(evm::WriteSecretFile(PathOf("wrong"), "another\n").ok());
  std::ofstream(config, std::ios::app)
      << "[settlement.signing]\noperator_passphrase_file = \"wrong\"\n";
  const CommandResult wrong = Relay(config);
  EXPECT_EQ(wrong.exit_code, 3) << wrong.output;
  EXPECT_THAT(wrong.output, AllOf(HasSubstr("operator.key"), HasSubstr("passphrase is wrong")));
}

}  // namespace
}  // namespace tally
