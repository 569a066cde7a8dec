// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/local/helpers.h"

namespace claviger::cli {
namespace {

constexpr std::chrono::minutes kAskAgain{20};

}  // namespace

Result<Secret> AwsHelper(const LocalApi& api, const model::ObjectRef& ref,
                         Time now) {
  const auto credential = api.Credential(ref);
  if (!credential) return Fail(credential.error());
  if (credential->type != "aws-static") {
    return Fail(ErrorCode::kInvalidArgument,
                ToString(ref) + " has a credential of type " +
                    credential->type + ", and AWS takes aws-static");
  }
  const Time last = now + kAskAgain;
  nlohmann::ordered_json answer;
  answer["Version"] = 1;
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"AccessKeyId", "access_key_id"},
      {"SecretAccessKey", "secret_access_key"},
      {"SessionToken", "session_token"}};
  for (const auto& [name, field] : kNames) {
    const auto found = credential->fields.find(field);
    if (found != credential->fields.end()) {
      answer[name] = found->second.Reveal();
    }
  }
  answer["Expiration"] =
      FormatRfc3339(std::min(credential->expires_at.value_or(last), last));
  Secret text(DumpJson(answer) + "\n");
  for (auto& value : answer) {
    if (value.is_string()) WipeString(value.get_ref<std::string&>());
  }
  return text;
}

}  // namespace claviger::cli
