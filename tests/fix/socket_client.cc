#include "tests/fix/socket_client.h"

#include <array>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "gateway/fix/message.h"
#include "tests/fix/raw_message.h"

namespace tally::gateway::fix {

SocketClient::SocketClient(uint16_t port, int receive_buffer_bytes) {
  Connect(port, receive_buffer_bytes);
}

SocketClient::SocketClient(uint16_t port, const ClientTls& tls) {
  Connect(port, 0);
  context_ = SSL_CTX_new(TLS_client_method());
  CHECK(SSL_CTX_load_verify_locations(context_, tls.ca_file.c_str(), nullptr) == 1);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (tls.version_max != 0) {
    SSL_CTX_set_max_proto_version(context_, tls.version_max);
  }
  if (tls.certificate != nullptr) {
    CHECK(SSL_CTX_use_certificate_file(context_, tls.certificate->certificate_file.c_str(),
                                       SSL_FILETYPE_PEM) == 1);
    CHECK(SSL_CTX_use_PrivateKey_file(context_, tls.certificate->key_file.c_str(),
                                      SSL_FILETYPE_PEM) == 1);
  }
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  secure_ = SSL_connect(ssl_) == 1;
}

SocketClient::~SocketClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ::close(fd_);
}

void SocketClient::Connect(uint16_t port, int receive_buffer_bytes) {
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd_ >= 0);
  if (receive_buffer_bytes != 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
  }
  const timeval timeout{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
}

std::size_t SocketClient::Send(std::string_view bytes, bool wait) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const std::string_view rest = bytes.substr(sent);
    const ssize_t count =
        ssl_ != nullptr
            ? SSL_write(ssl_, rest.data(), static_cast<int>(rest.size()))
            : ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    if (count <= 0) {
      break;
    }
    sent += static_cast<std::size_t>(count);
  }
  return sent;
}

int SocketClient::Receive(char* to, int size) {
  return ssl_ != nullptr ? SSL_read(ssl_, to, size)
                         : static_cast<int>(::recv(fd_, to, static_cast<std::size_t>(size), 0));
}

std::optional<std::string> SocketClient::Next() {
  while (true) {
    std::string_view message;
    std::size_t consumed = 0;
    if (Framer::Next(received_, &message, &consumed) == Framer::Result::kMessage) {
      std::string text = Readable(std::string(message));
      received_.erase(0, consumed);
      return text;
    }
    std::array<char, 65'536> piece;
    const int count = Receive(piece.data(), static_cast<int>(piece.size()));
    if (count <= 0) {
      return std::nullopt;
    }
    received_.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace tally::gateway::fix
