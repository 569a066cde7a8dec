// SPDX-License-Identifier: Apache-2.0
//
// Objects as the API server sends them: valid by default.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "model/object.h"

namespace claviger::testing {

inline nlohmann::json ApiObject(const std::string& kind, const std::string& ns,
                                const std::string& name, nlohmann::json spec) {
  nlohmann::json object = {{"apiVersion", "claviger.io/v1alpha1"},
                           {"kind", kind},
                           {"metadata",
                            {{"name", name},
                             {"uid", "uid-" + name},
                             {"resourceVersion", "10"},
                             {"generation", 1},
                             {"finalizers", {std::string(model::kFinalizer)}}}},
                           {"spec", std::move(spec)}};
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  return object;
}

inline nlohmann::json ApiConnection(const std::string& ns,
                                    const std::string& name) {
  return ApiObject("Connection", ns, name,
                   {{"provider", "postgresql"},
                    {"endpoint",
                     {{"host", "dw.corp"},
                      {"port", 5432},
                      {"database", "dw"},
                      {"tls", {{"mode", "verify-full"}}}}},
                    {"owner", {{"kind", "User"}, {"name", "erin"}}},
                    {"credentials",
                     {{"type", "password"},
                      {"default",
                       {{"vault",
                         {{"engine", "kv2"},
                          {"mount", "secret"},
                          {"path", ns + "/" + name}}}}}}}});
}

inline nlohmann::json ApiGrant(const std::string& ns, const std::string& name,
                               const std::string& connection,
                               const std::string& effect = "Allow") {
  return ApiObject("Grant", ns, name,
                   {{"connection", connection},
                    {"effect", effect},
                    {"subjects",
                     {{{"kind", "ServiceAccount"},
                       {"namespace", "reports"},
                       {"name", "nightly"}}}},
                    {"privileges", {"use"}}});
}

inline nlohmann::json ApiGroup(const std::string& name) {
  return ApiObject("Group", "", name,
                   {{"members", {{{"kind", "User"}, {"name", "bob"}}}}});
}

inline nlohmann::json WithoutFinalizer(nlohmann::json object) {
  object["metadata"].erase("finalizers");
  return object;
}

inline nlohmann::json Ending(nlohmann::json object) {
  object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  object["metadata"]["generation"] = 2;
  return object;
}

/// What the leader's status says of an object out of a backup.
inline nlohmann::json RestoredStatus() {
  return {{"observedGeneration", 1},
          {"conditions",
           {{{"type", "Accepted"},
             {"status", "False"},
             {"reason", "Restored"},
             {"message", "it was deleted before, and comes from a backup"},
             {"lastTransitionTime", "2026-01-01T00:00:00Z"}}}}};
}

}  // namespace claviger::testing
