// SPDX-License-Identifier: Apache-2.0
//
// Objects as the API server holds them, and requests about them: what Judge and
// Default say, as the webhook would be asked (the defaults first, then the
// verdict on the patched object). Not synchronised.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/webhook/judge.h"

namespace claviger::op::webhook::testing {

/// "kind/namespace/name" objects as JSON with everything that matters.
nlohmann::json ConnectionJson(const std::string& ref, const std::string& owner);
nlohmann::json GrantJson(const std::string& ref, const std::string& connection,
                         const std::vector<nlohmann::json>& subjects,
                         const std::vector<std::string>& privileges);
nlohmann::json DenyJson(const std::string& ref, const std::string& connection,
                        const std::vector<nlohmann::json>& subjects,
                        const std::vector<std::string>& privileges);
nlohmann::json GroupJson(const std::string& name,
                         const std::vector<nlohmann::json>& members,
                         const std::vector<nlohmann::json>& admins);
/// {"kind": "User", "name": "alice"}; "Group" alike; "data/etl" an account.
nlohmann::json UserJson(const std::string& name);
nlohmann::json InGroupJson(const std::string& name);
nlohmann::json AccountJson(const std::string& ref);
nlohmann::json EveryoneJson();
nlohmann::json Kv2Json(const std::string& mount, const std::string& path);

class Bed {
 public:
  Bed();

  /// Stores an object, stamped and with uid and creation time, as if it had
  /// been admitted; later ones of the same name replace earlier ones.
  void Store(nlohmann::json object);
  void Remove(const nlohmann::json& object);
  /// From now on it is there again although it was deleted before.
  void Restore(const nlohmann::json& object) {
    restored_.insert(object["metadata"]["uid"]);
  }
  /// As stored: uid, creationTimestamp, generation, finalizer.
  nlohmann::json Stored(const std::string& kind, const std::string& ref) const;

  /// What happens to the request: Default, its patch, Judge.
  Verdict Create(const std::string& user, nlohmann::json object);
  Verdict Update(const std::string& user, const nlohmann::json& old,
                 nlohmann::json now);
  Verdict Delete(const std::string& user, const nlohmann::json& old);
  /// Judge alone: what somebody who evades the defaults would send.
  Verdict JudgeOnly(const std::string& user, const nlohmann::json* old,
                    const nlohmann::json* now);
  /// The object as Default left it, of the last Create or Update.
  const nlohmann::json& defaulted() const { return defaulted_; }

  /// Puts a user into groups of its identity provider.
  void Join(const std::string& user, std::vector<std::string> groups);

  View MakeView() const;
  model::Objects Decoded() const;
  Settings settings;
  Time now;

 private:
  nlohmann::json RequestOf(const std::string& user, const nlohmann::json* old,
                           const nlohmann::json* now) const;

  std::vector<nlohmann::json> objects_;
  std::map<std::string, std::vector<std::string>> groups_;
  nlohmann::json defaulted_;
  std::set<std::string> restored_;  // uids
  int stored_ = 0;
};

}  // namespace claviger::op::webhook::testing
