#include "tests/fix/certificates.h"

#include <cstdio>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/assert.h"

namespace tally::gateway::fix {
namespace {

constexpr long kDayS = 86'400;

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(FILE* file) const { std::fclose(file); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using File = std::unique_ptr<FILE, Free>;

File Open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  CHECK(file != nullptr);
  return file;
}

}  // namespace

TestCertificate MakeCertificate(const std::string& directory, const std::string& name,
                                const TestCertificate* issuer) {
  static long serial = 0;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  CHECK(key != nullptr && certificate != nullptr);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDayS);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDayS);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  EVP_PKEY* signing = key.get();
  Key issuer_key;
  if (issuer == nullptr) {
    X509_set_issuer_name(certificate.get(), subject);
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  } else {
    const Certificate parent(
        PEM_read_X509(Open(issuer->certificate_file, "r").get(), nullptr, nullptr, nullptr));
    issuer_key.reset(
        PEM_read_PrivateKey(Open(issuer->key_file, "r").get(), nullptr, nullptr, nullptr));
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent.get()));
    signing = issuer_key.get();
  }
  CHECK(X509_sign(certificate.get(), signing, EVP_sha256()) > 0);
  TestCertificate made{.certificate_file = directory + "/" + name + ".pem",
                       .key_file = directory + "/" + name + ".key"};
  CHECK(PEM_write_X509(Open(made.certificate_file, "w").get(), certificate.get()) == 1);
  CHECK(PEM_write_PrivateKey(Open(made.key_file, "w").get(), key.get(), nullptr, nullptr, 0,
                             nullptr, nullptr) == 1);
  unsigned int size = 0;
  CHECK(X509_digest(certificate.get(), EVP_sha256(), made.sha256.data(), &size) == 1);
  return made;
}

}  // namespace tally::gateway::fix
