// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/local/helpers.h"
#include "providers/aws_credentials.h"

namespace claviger::cli {

Result<Secret> AwsHelper(const LocalApi& api, const model::ObjectRef& ref,
                         Time now) {
  const auto credential = api.Credential(ref);
  if (!credential) return Fail(credential.error());
  if (credential->type != "aws-static") {
    return Fail(ErrorCode::kInvalidArgument,
                ToString(ref) + " has a credential of type " +
                    credential->type + ", and AWS takes aws-static");
  }
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
      FormatRfc3339(providers::AwsExpiration(now, credential->expires_at));
  Secret text(DumpJson(answer) + "\n");
  for (auto& value : answer) {
    if (value.is_string()) WipeString(value.get_ref<std::string&>());
  }
  return text;
}

}  // namespace claviger::cli
