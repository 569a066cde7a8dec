// SPDX-License-Identifier: Apache-2.0
//
// KV version 2: versions with check-and-set, deletion that can be undone,
// destruction, and metadata. Not synchronised.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dev/backend.h"
#include "dev/store_budget.h"

namespace claviger::dev {

class Kv2 final : public Backend {
 public:
  Kv2(Clock& clock, StoreBudget& budget) : clock_(clock), budget_(budget) {}
  ~Kv2() override;
  Kv2(const Kv2&) = delete;
  Kv2& operator=(const Kv2&) = delete;

  std::optional<bool> Exists(const std::string& path) const override;
  Reply Handle(const Request& request) override;

 private:
  struct Version {
    std::string text;  // the data as JSON; empty once destroyed
    Time created;
    std::optional<Time> deleted;  // may lie ahead
    bool destroyed = false;
  };
  /// Settings of the mount, and of one key on top.
  struct Settings {
    int64_t max_versions = 0;
    bool cas_required = false;
    int64_t delete_after = 0;  // seconds
  };
  struct Key {
    Settings settings;
    Time created;
    Time updated;
    int64_t current = 0;
    int64_t oldest = 0;
    std::map<std::string, std::string> custom;
    std::map<int64_t, Version> versions;
  };
  using VersionChange = void (Kv2::*)(Version&);

  Reply HandleConfig(const Request& request);
  Reply HandleData(const Request& request, const std::string& path);
  Reply HandleMetadata(const Request& request, const std::string& path);
  Reply HandleVersions(const Request& request, const std::string& path,
                       VersionChange change);
  Reply ReadData(const Request& request, const std::string& path) const;
  Reply WriteData(const Request& request, const std::string& path);
  Reply WriteMetadata(const Request& request, const std::string& path);
  std::optional<Reply> CheckCas(const Request& request, const Key* key) const;
  void AddVersion(Key& key, std::string text);

  void Delete(Version& version);
  void Undelete(Version& version);
  void Destroy(Version& version);
  void RemoveKey(const std::string& path);

  bool IsGone(const Version& version) const;
  nlohmann::json VersionJson(const Key& key, int64_t number) const;
  nlohmann::json MetadataJson(const Key& key) const;
  Key* KeyAt(const std::string& path);

  Clock& clock_;
  StoreBudget& budget_;
  Settings config_;
  std::map<std::string, Key> keys_;
};

}  // namespace claviger::dev
