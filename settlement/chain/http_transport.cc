#include "settlement/chain/http_transport.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/chain_error.h"

namespace tally::settlement {
namespace {

class HttpTransport final : public RpcTransport {
 public:
  HttpTransport(std::string url, std::unique_ptr<HttpClient> client)
      : url_(std::move(url)), client_(std::move(client)) {}

  absl::StatusOr<std::string> Post(std::string_view body) override {
    ASSIGN_OR_RETURN(HttpResponse response, client_->Exchange({.body = body}));
    if (response.status != 200) {
      return MakeChainStatus(ChainError::kTransport,
                             absl::StrCat(url_, ": HTTP status ", response.status));
    }
    return std::move(response.body);
  }

 private:
  const std::string url_;
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcTransport>> MakeHttpTransport(HttpTransportOptions options) {
  std::string url = options.url;
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, MakeHttpClient(std::move(options)));
  return std::make_unique<HttpTransport>(std::move(url), std::move(client));
}

}  // namespace tally::settlement
