// SPDX-License-Identifier: Apache-2.0
#include "vault/policy.h"

#include <utility>

#include "base/json.h"
#include "vault/wire.h"

namespace claviger::vault {
namespace {

constexpr std::string_view kPolicies = "sys/policies/acl";

Result<Call> PolicyCall(const Secret& token, std::string_view name) {
  if (Status fine = CheckSegment("policy", name); !fine) {
    return Fail(std::move(fine).error());
  }
  Call call;
  call.path = std::string(kPolicies) + "/" + std::string(name);
  call.token = &token;
  return call;
}

}  // namespace

Result<std::string> ReadPolicy(Api& api, const Secret& token,
                               std::string_view name) {
  Result<Call> call = PolicyCall(token, name);
  if (!call) return Fail(std::move(call).error());
  const Result<Document> document = DoAndParse(api, *call);
  if (!document) return Fail(document.error());
  return document->String({"data", "policy"});
}

Status WritePolicy(Api& api, const Secret& token, std::string_view name,
                   std::string_view text) {
  Result<Call> call = PolicyCall(token, name);
  if (!call) return Fail(std::move(call).error());
  call->verb = Verb::kWrite;
  call->body = DumpJson(nlohmann::json{{"policy", text}});
  return DoOnly(api, *call);
}

Status DeletePolicy(Api& api, const Secret& token, std::string_view name) {
  Result<Call> call = PolicyCall(token, name);
  if (!call) return Fail(std::move(call).error());
  return DoDelete(api, *call);
}

Result<std::vector<std::string>> ListPolicies(Api& api, const Secret& token) {
  return DoList(api, token, std::string(kPolicies));
}

}  // namespace claviger::vault
