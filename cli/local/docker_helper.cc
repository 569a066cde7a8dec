// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/local/helpers.h"
#include "cli/local/server_name.h"

namespace claviger::cli {
namespace {

using nlohmann::ordered_json;

std::string_view FieldOf(const LocalCredential& credential, const char* name) {
  const auto found = credential.fields.find(name);
  return found == credential.fields.end() ? std::string_view()
                                          : found->second.Reveal();
}

std::string_view Trim(std::string_view text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

Result<Secret> Get(const LocalApi& api,
                   const std::vector<model::ObjectRef>& refs,
                   std::string_view url) {
  const auto asked = ParseServerName(url);
  for (const model::ObjectRef& ref : refs) {
    const auto connection = api.Connection(ref);
    if (!connection) return Fail(connection.error());
    if (!asked || asked != ServerOf(*connection)) continue;
    const auto credential = api.Credential(ref);
    if (!credential) return Fail(credential.error());
    if (FieldOf(*credential, "username").empty() ||
        FieldOf(*credential, "password").empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "docker takes a user name and a password, and this "
                  "credential is of type " +
                      credential->type);
    }
    ordered_json answer;
    answer["ServerURL"] = url;
    answer["Username"] = FieldOf(*credential, "username");
    answer["Secret"] = FieldOf(*credential, "password");
    Secret text(DumpJson(answer) + "\n");
    WipeString(answer["Secret"].get_ref<std::string&>());
    return text;
  }
  return Fail(ErrorCode::kNotFound, "no connection is for that server");
}

Result<Secret> List(const LocalApi& api,
                    const std::vector<model::ObjectRef>& refs) {
  ordered_json answer = ordered_json::object();
  for (const model::ObjectRef& ref : refs) {
    const auto connection = api.Connection(ref);
    if (!connection) return Fail(connection.error());
    const auto server = ServerOf(*connection);
    if (!server) continue;
    const auto credential = api.Credential(ref);
    if (!credential) return Fail(credential.error());
    const bool usual =
        server->port == (server->scheme == "http" ? "80" : "443");
    answer[server->scheme + "://" + server->host +
           (usual ? "" : ":" + server->port)] =
        FieldOf(*credential, "username");
  }
  return Secret(DumpJson(answer) + "\n");
}

}  // namespace

Result<Secret> DockerHelper(const LocalApi& api,
                            const std::vector<model::ObjectRef>& refs,
                            std::string_view action, std::string_view input) {
  if (action == "get") return Get(api, refs, Trim(input));
  if (action == "list") return List(api, refs);
  if (action == "erase") return Secret();
  return Fail(ErrorCode::kUnsupported,
              "claviger keeps no credential that docker login is given: write "
              "it to Vault");
}

}  // namespace claviger::cli
