#include <fstream>

#include "gmock/gmock.h"
#include <openssl/ssl.h>

#include "tests/fix/server_fixture.h"

namespace tally::gateway::fix {
namespace {

using testing::HasSubstr;

class FixTlsTest : public FixServerFixture {
 protected:
  FixTlsTest() {
    options().tls.enabled = true;
    options().tls.host = "127.0.0.1";
    options().tls.certificate_file = venue_certificate_.certificate_file;
    options().tls.key_file = venue_certificate_.key_file;
  }

  TestCertificate Issue(const std::string& name, const TestCertificate* issuer = nullptr) {
    return MakeCertificate(directory_, name, issuer);
  }
  // Whether a Logon over TLS is answered.
  bool LogsOn(const std::string& sender, const TestCertificate* certificate = nullptr) {
    SocketClient client(server_->tls_port(),
                        {.ca_file = authority_.certificate_file, .certificate = certificate});
    client.Send(Logon(sender));
    const auto answer = client.Next();
    return answer.has_value() && answer->find("|35=A|") != std::string::npos;
  }

  const TestCertificate authority_ = Issue("authority");
  const TestCertificate venue_certificate_ = Issue("venue", &authority_);
};

TEST_F(FixTlsTest, OrdersAreTakenOverTlsBesideThePlainListener) {
  Start();
  SocketClient secure(server_->tls_port(), ClientTls{.ca_file = authority_.certificate_file});
  ASSERT_TRUE(secure.secure());
  SocketClient plain(port_);
  secure.Send(Logon("KEEP") + Order("KEEP", 2, "A"));
  plain.Send(Logon("BOB") + Order("BOB", 2, "B", '2'));
  EXPECT_THAT(secure.Next().value_or(""), HasSubstr("|35=A|"));
  EXPECT_THAT(plain.Next().value_or(""), HasSubstr("|35=A|"));
  for (const char* type : {"|150=0|", "|150=F|"}) {
    EXPECT_THAT(secure.Next().value_or(""), HasSubstr(type));
    EXPECT_THAT(plain.Next().value_or(""), HasSubstr(type));
  }
}

TEST_F(FixTlsTest, ManyRecordsAndMessagesOfOneSegmentAreTaken) {
  Start();
  SocketClient client(server_->tls_port(), ClientTls{.ca_file = authority_.certificate_file});
  client.Send(Logon("KEEP"));
  std::string burst;
  constexpr int kOrders = 2'000;
  for (int i = 0; i < kOrders; ++i) {
    burst += Order("KEEP", 2 + i, "A" + std::to_string(i));
  }
  client.Send(burst);
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|35=A|"));
  for (int i = 0; i < kOrders; ++i) {
    ASSERT_THAT(client.Next().value_or(""), HasSubstr("|34=" + std::to_string(2 + i) + "|"));
  }
}

TEST_F(FixTlsTest, OlderVersionsOfTlsAreRefused) {
  Start();
  const SocketClient old(server_->tls_port(),
                         {.ca_file = authority_.certificate_file, .version_max = TLS1_2_VERSION});
  EXPECT_FALSE(old.secure());
  EXPECT_TRUE(LogsOn("KEEP"));
}

TEST_F(FixTlsTest, PlainBytesOnTheTlsPortEndTheConnection) {
  Start();
  SocketClient client(server_->tls_port());
  client.Send(Logon("KEEP"));
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(FixTlsTest, OnlyCertificatesOfTheClientAuthorityLogOn) {
  options().tls.client_ca_file = authority_.certificate_file;
  Start();
  const TestCertificate good = Issue("good", &authority_);
  const TestCertificate other_authority = Issue("other");
  const TestCertificate foreign = Issue("foreign", &other_authority);
  EXPECT_FALSE(LogsOn("KEEP"));
  EXPECT_FALSE(LogsOn("KEEP", &foreign));
  EXPECT_TRUE(LogsOn("KEEP", &good));
}

TEST_F(FixTlsTest, APinnedCertificateIsTheOnlyOneOfItsSession) {
  options().tls.client_ca_file = authority_.certificate_file;
  const TestCertificate pinned = Issue("pinned", &authority_);
  const TestCertificate next = Issue("next", &authority_);
  const TestCertificate another = Issue("another", &authority_);
  session(0).client_certificates = {pinned.sha256, next.sha256};
  Start();
  EXPECT_FALSE(LogsOn("KEEP", &another));
  EXPECT_TRUE(LogsOn("BOB", &another));
  EXPECT_TRUE(LogsOn("KEEP", &pinned));
  SocketClient plain(port_);
  plain.Send(Logon("KEEP", 2));
  EXPECT_TRUE(plain.AtEnd());
}

TEST_F(FixTlsTest, HandshakesThatDoNotEndHaveADeadlineAndALimit) {
  options().tls.handshakes_max = 2;
  options().tls.handshake_deadline_ms = 200;
  Start();
  SocketClient first(server_->tls_port());
  SocketClient second(server_->tls_port());
  SocketClient third(server_->tls_port());
  EXPECT_TRUE(third.AtEnd());  // At once: it is one too many.
  EXPECT_TRUE(first.AtEnd());  // When its time is over.
  EXPECT_TRUE(second.AtEnd());
  EXPECT_TRUE(LogsOn("KEEP"));
  EXPECT_EQ(server_->metrics().handshakes_refused, 3U);
}

TEST_F(FixTlsTest, TlsMayBeTheOnlyListener) {
  options().host.clear();
  Start();
  EXPECT_EQ(port_, 0);
  EXPECT_TRUE(LogsOn("KEEP"));
}

TEST_F(FixTlsTest, WhatIsWrongWithTheFilesIsSaid) {
  const TestCertificate other = Issue("another");
  const std::string text = directory_ + "/text";
  std::ofstream(text) << "no certificate\n";
  struct Row {
    std::string certificate;
    std::string key;
    std::string client_ca;
    std::string message;
  };
  const std::string& good = venue_certificate_.certificate_file;
  const std::string& good_key = venue_certificate_.key_file;
  const Row rows[] = {
      {directory_ + "/none", good_key, "",
       "tls_certificate_file: " + directory_ + "/none: No such"},
      {good, directory_ + "/none", "", "tls_key_file: " + directory_ + "/none: No such"},
      {good, good_key, directory_ + "/none",
       "tls_client_ca_file: " + directory_ + "/none: No such"},
      {text, good_key, "", "tls_certificate_file: " + text + " has no certificate in PEM form"},
      {good, text, "", "tls_key_file: " + text + " has no private key without a passphrase"},
      {good, good_key, text, "tls_client_ca_file: " + text + " has no certificate in PEM form"},
      {good, other.key_file, "", "is not the key of the certificate in " + good},
  };
  for (const Row& row : rows) {
    options().tls.certificate_file = row.certificate;
    options().tls.key_file = row.key;
    options().tls.client_ca_file = row.client_ca;
    const absl::Status status = TryStart();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.message));
  }
}

class FixAdmissionTest : public FixServerFixture {};

TEST_F(FixAdmissionTest, AddressesThatAreNotListedAreClosedAtOnce) {
  options().allowed = {*ParseIpRange("192.0.2.0/24"), *ParseIpRange("::1")};
  Start();
  SocketClient client(port_);
  client.Send(Logon("KEEP"));
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(FixAdmissionTest, ASessionMayBeBoundToItsAddresses) {
  session(0).allowed = {*ParseIpRange("192.0.2.0/24")};
  session(1).allowed = {*ParseIpRange("127.0.0.0/8")};
  Start();
  SocketClient keep(port_);
  keep.Send(Logon("KEEP"));
  EXPECT_TRUE(keep.AtEnd());
  SocketClient bob(port_);
  bob.Send(Logon("BOB"));
  EXPECT_THAT(bob.Next().value_or(""), HasSubstr("|35=A|"));
}

TEST_F(FixAdmissionTest, WhoConnectsTooOftenIsClosedAtOnce) {
  options().connects_per_address_max = 3;
  Start();
  SocketClient client(port_);
  client.Send(Logon("KEEP"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|35=A|"));
  for (int i = 0; i < 2; ++i) {
    SocketClient other(port_);
    other.Send(Text("BOB", "0", 1));
    EXPECT_TRUE(other.AtEnd());
  }
  SocketClient refused(port_);
  refused.Send(Logon("BOB"));
  EXPECT_TRUE(refused.AtEnd());
  client.Send(Text("KEEP", "1", 2, "112=X|"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|112=X|"));
}

}  // namespace
}  // namespace tally::gateway::fix
