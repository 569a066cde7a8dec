// SPDX-License-Identifier: Apache-2.0
#include "vault/sys.h"

#include <utility>

#include "base/json.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

using nlohmann::json;

// Options are strings by Vault's own rule; others are passed over.
Mount ReadMount(const json& value) {
  Mount mount;
  if (const auto type = value.find("type");
      type != value.end() && type->is_string()) {
    mount.type = *type;
  }
  const auto options = value.find("options");
  if (options == value.end() || !options->is_object()) return mount;
  for (const auto& [key, option] : options->items()) {
    if (option.is_string()) mount.options[key] = option;
  }
  return mount;
}

Result<std::map<std::string, Mount>> DoListMounts(Api& api, const Secret& token,
                                                  std::string path) {
  Call call;
  call.path = std::move(path);
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  const json* data = document->Find({"data"});
  if (data == nullptr || !data->is_object()) {
    return Fail(ErrorCode::kMalformed,
                "read " + call.path + ": the answer holds no mounts");
  }
  std::map<std::string, Mount> mounts;
  for (const auto& [key, value] : data->items()) {
    if (!value.is_object()) continue;
    const bool slash = !key.empty() && key.back() == '/';
    mounts[slash ? key.substr(0, key.size() - 1) : key] = ReadMount(value);
  }
  return mounts;
}

Status DoEnable(Api& api, const Secret& token, std::string_view below,
                std::string_view path, const json& body) {
  if (Status fine = CheckPath("mount", path); !fine) return fine;
  Call call;
  call.verb = Verb::kWrite;
  call.path = std::string(below) + std::string(path);
  call.body = DumpJson(body);
  call.token = &token;
  // A second one is refused as already mounted.
  call.idempotent = false;
  return DoOnly(api, call);
}

bool Flag(const Document& document, std::string_view name) {
  const json* value = document.Find({name});
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

}  // namespace

Result<Health> ReadHealth(Api& api) {
  Call call;
  call.path = "sys/health";
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  const json* initialized = document->Find({"initialized"});
  if (initialized == nullptr || !initialized->is_boolean()) {
    return Fail(ErrorCode::kMalformed,
                "read sys/health: the answer is not vault's");
  }
  if (!initialized->get<bool>()) return Health::kUninitialized;
  if (Flag(*document, "sealed")) return Health::kSealed;
  return Flag(*document, "standby") ? Health::kStandby : Health::kActive;
}

Result<std::map<std::string, Mount>> ListMounts(Api& api, const Secret& token) {
  return DoListMounts(api, token, "sys/mounts");
}

Result<std::map<std::string, Mount>> ListAuthMounts(Api& api,
                                                    const Secret& token) {
  return DoListMounts(api, token, "sys/auth");
}

Status EnableMount(Api& api, const Secret& token, std::string_view path,
                   const Mount& mount) {
  return DoEnable(api, token, "sys/mounts/", path,
                  json{{"type", mount.type}, {"options", mount.options}});
}

Status EnableAuthMount(Api& api, const Secret& token, std::string_view path,
                       std::string_view type) {
  return DoEnable(api, token, "sys/auth/", path, json{{"type", type}});
}

Result<std::map<std::string, std::vector<std::string>>> Capabilities(
    Api& api, const Secret& token, const Secret& of,
    const std::vector<std::string>& paths) {
  const bool own = of.Equals(token.Reveal());
  Result<std::string> body =
      own ? PlainObject({}) : PlainObject({{"token", of.Reveal()}});
  if (!body) return Fail(std::move(body).error());
  const std::string list =
      (own ? "\"paths\":" : ",\"paths\":") + DumpJson(json(paths)) + "}";
  Call call;
  call.verb = Verb::kWrite;
  call.path = own ? "sys/capabilities-self" : "sys/capabilities";
  call.body.reserve(body->size() + list.size());
  call.body.append(*body, 0, body->size() - 1).append(list);
  WipeString(*body);
  call.token = &token;
  const Result<Document> document = DoAndParse(api, call);
  if (!document) return Fail(document.error());
  std::map<std::string, std::vector<std::string>> capabilities;
  for (const std::string& path : paths) {
    Result<std::vector<std::string>> one = document->Strings({"data", path});
    if (!one) return Fail(std::move(one).error());
    capabilities[path] = *std::move(one);
  }
  return capabilities;
}

}  // namespace claviger::vault
