#pragma once

#include <map>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "gateway/config/table_reader.h"
#include "gateway/venue_config.h"

namespace tally::gateway {

// Turns the tables of one file into a VenueConfig. Faults are gathered; the result is only
// meaningful without any.
class VenueParser {
 public:
  // `folder` is what relative paths in the file are relative to.
  VenueParser(const toml::table& root, std::string folder, FaultList* faults);

  VenueConfig Parse();

 private:
  void ParseVenue();
  void ParseEngine();
  void ParseLimits(TableReader& engine);
  void ParseGateway();
  void ParseSettlement();
  void ParseSettlementTiming(TableReader* reader);
  // signing_parser.cc
  void ParseSigning(const toml::table& table);
  SigningConfig::Key ParseSignerKey(TableReader& reader, std::string_view role,
                                    const std::string& key_file);
  void ParseAsset(const toml::table& table, std::size_t index);
  void ParseAccount(const toml::table& table, std::size_t index);
  void ParseInstrument(const toml::table& table, std::size_t index);
  void ParseUnits(TableReader& reader, const AssetConfig& base, const AssetConfig& quote,
                  DefineInstrumentCommand* definition);
  void ParseFees(TableReader& reader, DefineInstrumentCommand* definition);
  // market_parser.cc
  void ParseRules(const toml::table& table, const std::string& path, InstrumentConfig* instrument);
  void ParseFeeRow(const toml::table& table, std::size_t index);
  void ParseProtection(const toml::table& table, std::size_t index);
  void ParseExposure(const toml::table& table, std::size_t index);
  void ParseSchedule(const toml::table& table, std::size_t index);
  // fix_parser.cc
  void ParseFix();
  void ParseFixSession(const toml::table& table, std::size_t index);
  void ParseFixKind(TableReader& reader, FixSessionConfig* session);
  void ParseFixCredentials(TableReader& reader, FixSessionConfig* session);
  // fix_access_parser.cc
  void ParseFixListeners(TableReader& reader);
  void ParseFixAccess(TableReader& reader, FixSessionConfig* session);
  void ParseFixSchedule(TableReader& reader, FixSessionConfig* session);
  bool FixIsOnLoopback() const;
  const InstrumentConfig* InstrumentNamed(std::string_view symbol) const;
  // chain_parser.cc
  void ParseChain();
  void ParseSessionKey(const toml::table& table, std::size_t index);
  void CheckSigners();
  void ParseKey(const toml::table& table, std::size_t index);
  uint8_t ParsePermissions(TableReader& reader);
  void CheckReferences();
  void CheckCapacities();

  // The sub-table `name` of the root; an empty one if it is missing.
  const toml::table& Section(std::string_view name);
  // Calls visit(table, index) for each table of the array `name`.
  template <typename Visit>
  void ForEachTable(std::string_view name, Visit&& visit);
  std::string AbsolutePath(const std::string& path) const;
  Symbol ParseSymbol(TableReader& reader);

  const toml::table& root_;
  const toml::table empty_;
  const std::string folder_;
  FaultList* const faults_;
  VenueConfig config_;
  std::map<std::string, std::size_t, std::less<>> asset_by_symbol_;
};

}  // namespace tally::gateway
