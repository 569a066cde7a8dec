// SPDX-License-Identifier: Apache-2.0
#include "support/kube_ask.h"

#include <utility>

namespace claviger::testing {

using nlohmann::json;

ApiAnswer AskKube(HttpCall call, const json& body,
                  const std::string& content_type) {
  for (auto& [name, value] : call.headers) {
    if (name == "Content-Type") value = content_type;
  }
  if (!body.is_null()) call.body = body.dump();
  const auto answer = SendHttp(call);
  if (!answer) return {0, {{"message", answer.error().message}}};
  json parsed = answer->Json();
  if (!parsed.is_object()) parsed = {{"message", answer->body}};
  return {answer->status, std::move(parsed)};
}

}  // namespace claviger::testing
