#include "tools/demo_venue/venue_file.h"

#include <array>
#include <fstream>

#include "absl/strings/str_format.h"

#include "base/status.h"
#include "settlement/chain/keccak.h"

namespace tally::demo {
namespace {

// tick x lot = 1e-10 USD = one quantum: the recording's own units.
constexpr char kVenue[] = R"(# Written by the demo: the venue that its flow is played into.

[venue]
name = "demo"

[engine]
data_directory = "engine"
durability = "sync"
wait = "block"
assets_max = 8
instruments_max = 4
accounts_max = 4096
sessions_max = 4096
open_orders_max = 131072
state_hash_interval = 4096

[gateway]
messages_per_second = 1000000
burst = 100000
listen = "127.0.0.1:0"

[[assets]]
id = 0
symbol = "USD"
decimals = 10
chain_decimals = 18

[[assets]]
id = 1
symbol = "BTC"
decimals = 8
chain_decimals = 18

[[instruments]]
id = 1
symbol = "BTC/USD"
base = "BTC"
quote = "USD"
tick = "0.01"
lot = "0.00000001"
price_max = "1000000"
quantity_min = "0.00000001"
quantity_max = "100000"
notional_min = "0.0000000001"
notional_max = "100000000"
maker_fee_hundredths_bp = 200
taker_fee_hundredths_bp = 700
fee_account = %u
)";

}  // namespace

sdk::SigningKey ClientKey(uint64_t account) {
  const std::string text = absl::StrFormat("tallystick demo client %u", account);
  return sdk::SigningKey::FromSeed(settlement::Keccak256(settlement::View(text)).bytes);
}

absl::Status WriteVenueFile(const DemoOptions& options, const VenueFile& file,
                            const settlement::Deployment& deployment, const std::string& node_url,
                            const std::vector<settlement::Address>& owners) {
  std::string text = absl::StrFormat(kVenue, Raw(options.fee_account()));
  for (std::size_t i = 0; i < owners.size(); ++i) {
    absl::StrAppendFormat(&text, "\n[[accounts]]\nid = %u\nowner = \"%s\"\n", i + 1,
                          settlement::Hex(owners[i]));
    absl::StrAppendFormat(
        &text,
        "\n[[keys]]\nid = %u\npublic_key = \"%s\"\naccount = %u\npermissions = [\"trade\"]\n",
        i + 1, ClientKey(i + 1).public_key_hex(), i + 1);
  }
  absl::StrAppendFormat(&text,
                        "\n[[keys]]\nid = %u\npublic_key = \"%s\"\npermissions = "
                        "[\"settlement\"]\n",
                        kSettlementKeyId, ClientKey(kSettlementKeyId).public_key_hex());
  absl::StrAppendFormat(
      &text,
      "\n[settlement]\nrpc_url = \"%s\"\nchain_id = %u\nvault = \"%s\"\n"
      "operator_key_file = \"%s\"\ndata_directory = \"relayer\"\nkey_id = %u\nkey_file = \"%s\"\n"
      "confirmations = 1\nfrom_block = %u\nbatch_fills_max = 8000\nbatch_interval_ms = 2000\n"
      "settle_deadline_ms = 0\n",
      node_url, deployment.chain_id, settlement::Hex(deployment.vault), file.operator_key_file,
      kSettlementKeyId, file.relayer_key_file, deployment.block);
  std::ofstream out(file.path);
  out << text;
  out.close();
  return out ? absl::OkStatus() : ErrnoStatus("write", file.path);
}

absl::Status WriteRelayerKey(const VenueFile& file) {
  return ClientKey(kSettlementKeyId).Save(file.relayer_key_file);
}

}  // namespace tally::demo
