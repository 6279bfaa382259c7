// QuickFIX as a client, driven by lines:
//   quickfix_initiator SETTINGS
// connects the sessions of a QuickFIX settings file. A session may have Username and Password, or a
// SigningSeed (hexadecimal) for the signature of its Logon.
//
// Standard input: `send COMPID 35=D|11=...`, `disconnect COMPID` (without a Logout). At its end all
// sessions log out. Standard output, a line each: `logon COMPID`, `logout COMPID`, `out COMPID
// MESSAGE` and `in COMPID MESSAGE`, with | for the separator.
//
// QuickFIX is C++ before 17 and reports by exceptions: so does this program, and no other.

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <sodium.h>
#include <sstream>
#include <string>

#include <quickfix/Application.h>
#include <quickfix/DataDictionary.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>

namespace {

constexpr char kSoh = '\x01';

std::string Printable(const FIX::Message& message) {
  std::string text = message.toString();
  std::replace(text.begin(), text.end(), kSoh, '|');
  return text;
}

std::string Signature(const std::string& text, const std::string& seed_hex) {
  std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  sodium_hex2bin(seed.data(), seed.size(), seed_hex.data(), seed_hex.size(), nullptr, nullptr,
                 nullptr);
  crypto_sign_seed_keypair(public_key.data(), secret_key.data(), seed.data());
  crypto_sign_detached(signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       secret_key.data());
  std::array<char, 128> base64{};
  sodium_bin2base64(base64.data(), base64.size(), signature.data(), signature.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return base64.data();
}

// Prints what happens. Its callbacks come from QuickFIX's thread and, for what is sent, from
// main's.
class Client final : public FIX::Application {
 public:
  explicit Client(const FIX::SessionSettings& settings) : settings_(settings) {}

  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID& id) override { Print("logon", id, ""); }
  void onLogout(const FIX::SessionID& id) override { Print("logout", id, ""); }
  void toAdmin(FIX::Message& message, const FIX::SessionID& id) override {
    if (message.getHeader().getField(FIX::FIELD::MsgType) == "A") {
      AddCredentials(&message, settings_.get(id));
    }
    Print("out", id, Printable(message));
  }
  void toApp(FIX::Message& message, const FIX::SessionID& id) noexcept override {
    Print("out", id, Printable(message));
  }
  void fromAdmin(const FIX::Message& message, const FIX::SessionID& id) noexcept override {
    Print("in", id, Printable(message));
  }
  void fromApp(const FIX::Message& message, const FIX::SessionID& id) noexcept override {
    Print("in", id, Printable(message));
  }

 private:
  static void AddCredentials(FIX::Message* message, const FIX::Dictionary& settings) {
    if (settings.has("Username")) {
      message->setField(FIX::FIELD::Username, settings.getString("Username"));
      message->setField(FIX::FIELD::Password, settings.getString("Password"));
    }
    if (settings.has("SigningSeed")) {
      std::string text = "A";
      for (const int tag : {FIX::FIELD::SenderCompID, FIX::FIELD::TargetCompID,
                            FIX::FIELD::MsgSeqNum, FIX::FIELD::SendingTime}) {
        text += kSoh + message->getHeader().getField(tag);
      }
      const std::string signature = Signature(text, settings.getString("SigningSeed"));
      message->setField(FIX::FIELD::RawDataLength, std::to_string(signature.size()));
      message->setField(FIX::FIELD::RawData, signature);
    }
  }

  void Print(const char* what, const FIX::SessionID& id, const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::cout << what << ' ' << id.getSenderCompID().getValue() << ' ' << text << std::endl;
  }

  const FIX::SessionSettings& settings_;
  std::mutex mutex_;
};

FIX::SessionID Find(const FIX::SessionSettings& settings, const std::string& comp_id) {
  for (const FIX::SessionID& id : settings.getSessions()) {
    if (id.getSenderCompID() == comp_id) {
      return id;
    }
  }
  throw FIX::SessionNotFound(comp_id);
}

// The body of a message, with its repeating groups as the dictionary has them.
FIX::Message Parse(std::string text, const FIX::DataDictionary& dictionary) {
  std::replace(text.begin(), text.end(), '|', kSoh);
  std::ostringstream whole;
  whole << "8=FIX.4.4" << kSoh << "9=" << text.size() << kSoh << text << "10=000" << kSoh;
  return FIX::Message(whole.str(), dictionary, false);
}

void Run(const std::string& path) {
  const FIX::SessionSettings settings(path);
  const FIX::DataDictionary dictionary(settings.get().getString(FIX::DATA_DICTIONARY));
  Client client(settings);
  FIX::FileStoreFactory store(settings);
  FIX::SocketInitiator initiator(client, store, settings);
  initiator.start();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    std::string comp_id;
    std::string text;
    words >> verb >> comp_id >> std::ws;
    std::getline(words, text);
    const FIX::SessionID id = Find(settings, comp_id);
    if (verb == "send") {
      FIX::Message message = Parse(text, dictionary);
      FIX::Session::sendToTarget(message, id);
    } else {
      FIX::Session::lookupSession(id)->disconnect();
    }
  }
  initiator.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || sodium_init() < 0) {
    std::cerr << "usage: quickfix_initiator SETTINGS\n";
    return 2;
  }
  try {
    Run(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "quickfix_initiator: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
