#include "gateway/fix/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "base/status.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kTlsRecordBytesMax = 16 * 1024;  // RFC 8446, section 5.1.

// The oldest error of this thread's queue, which is emptied.
std::string TakeError() {
  std::array<char, 256> text{"unknown error"};
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text.data(), text.size());
  }
  ERR_clear_error();
  return text.data();
}

absl::Status CheckReadable(const std::string& path, std::string_view key) {
  if (::access(path.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("[fix] ", ToAbsl(key), ": ", path, ": ",
                                                   std::strerror(errno),
                                                   "; name a PEM file that the venue may read"));
  }
  return absl::OkStatus();
}

absl::Status NotPem(const std::string& path, std::string_view key, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("[fix] ", ToAbsl(key), ": ", path, " has no ",
                                                 ToAbsl(what), " in PEM form (", TakeError(), ")"));
}

absl::Status UseFiles(SSL_CTX* context, const FixTlsOptions& options) {
  RETURN_IF_ERROR(CheckReadable(options.certificate_file, "tls_certificate_file"));
  RETURN_IF_ERROR(CheckReadable(options.key_file, "tls_key_file"));
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1) {
    return NotPem(options.certificate_file, "tls_certificate_file", "certificate");
  }
  // A key of another kind of certificate is refused here, one of the same kind by the check.
  const bool read =
      SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  const bool foreign = ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH ||
                       ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH;
  if (!read && !foreign) {
    return NotPem(options.key_file, "tls_key_file", "private key without a passphrase");
  }
  if (!read || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat(
        "[fix] tls_key_file: ", options.key_file, " is not the key of the certificate in ",
        options.certificate_file, "; name the key it was made with"));
  }
  if (options.client_ca_file.empty()) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckReadable(options.client_ca_file, "tls_client_ca_file"));
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(options.client_ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return NotPem(options.client_ca_file, "tls_client_ca_file", "certificate");
  }
  SSL_CTX_set_client_CA_list(context, names);  // Takes them.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Load(const FixTlsOptions& options) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  CHECK(context != nullptr);
  std::unique_ptr<TlsContext> tls(new TlsContext(context));
  CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);  // No resumption: every client shows its certificate.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // What does not fit is offered again from where the queue then is.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  RETURN_IF_ERROR(UseFiles(context, options));
  return tls;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsStream::TlsStream(const TlsContext& context) : ssl_(SSL_new(context.get())) {
  CHECK(ssl_ != nullptr);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  CHECK(in != nullptr && out != nullptr);
  BIO_set_mem_eof_return(in, -1);  // Empty is not the end.
  SSL_set_bio(ssl_, in, out);      // Takes them.
  SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

CertificateDigest TlsStream::PeerCertificate() const {
  CertificateDigest digest{};
  if (X509* const certificate = SSL_get0_peer_certificate(ssl_); certificate != nullptr) {
    unsigned int size = 0;
    CHECK(X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1);
    CHECK(size == digest.size());
  }
  return digest;
}

void TlsStream::Feed(std::span<const uint8_t> bytes) {
  CHECK(BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size())) ==
        static_cast<int>(bytes.size()));
  has_input_ = true;
}

std::span<const uint8_t> TlsStream::Output() const {
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &data);
  return {reinterpret_cast<const uint8_t*>(data), static_cast<std::size_t>(std::max(size, 0L))};
}

void TlsStream::OutputSent(std::size_t count) {
  std::array<uint8_t, 4'096> discarded;
  while (count != 0) {
    const int taken = BIO_read(SSL_get_wbio(ssl_), discarded.data(),
                               static_cast<int>(std::min(count, discarded.size())));
    CHECK(taken > 0);
    count -= static_cast<std::size_t>(taken);
  }
}

void TlsStream::Handshake() {
  CHECK(state_ == State::kHandshake);
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    state_ = State::kOpen;
  } else {
    Settle(result);
  }
}

std::size_t TlsStream::Read(std::span<uint8_t> space) {
  if (state_ != State::kOpen || space.empty()) {
    return 0;
  }
  ERR_clear_error();
  std::size_t count = 0;
  if (const int result = SSL_read_ex(ssl_, space.data(), space.size(), &count); result != 1) {
    Settle(result);
    return 0;
  }
  return count;
}

std::size_t TlsStream::Write(std::span<const uint8_t> bytes) {
  if (state_ != State::kOpen || bytes.empty()) {
    return 0;
  }
  ERR_clear_error();
  std::size_t count = 0;
  const int result =
      SSL_write_ex(ssl_, bytes.data(), std::min(bytes.size(), kTlsRecordBytesMax), &count);
  if (result != 1) {
    Settle(result);
    return 0;
  }
  return count;
}

void TlsStream::Close() {
  if (state_ == State::kOpen || state_ == State::kEnded) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    state_ = State::kEnded;
  }
  ERR_clear_error();
}

// What a call that did not succeed means.
void TlsStream::Settle(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:  // Does not come: the output takes everything.
      has_input_ = false;
      return;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::kEnded;
      return;
    default:
      error_ = TakeError();
      state_ = State::kFailed;
  }
}

}  // namespace tally::gateway::fix
