// SPDX-License-Identifier: Apache-2.0
#include "etcd_values.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "support/http_call.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

Result<json> Post(RealKubeApiServer& kube, const std::string& what,
                  const json& body) {
  HttpCall call;
  call.method = "POST";
  call.url = kube.etcd().url() + "/v3/kv/" + what;
  call.body = body.dump();
  const auto answer = SendHttpOk(call);
  if (!answer) return Fail(answer.error());
  return answer->Json();
}

// Padded base64, which the base decodes in its other alphabet only.
Result<std::string> Decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return Base64UrlDecode(text.substr(0, text.find('=')));
}

std::string KeyOf(const std::string& path) {
  return Base64Encode("/registry/" + path);
}

}  // namespace

Result<std::string> ReadEtcd(RealKubeApiServer& kube, const std::string& path) {
  const auto answer = Post(kube, "range", {{"key", KeyOf(path)}});
  if (!answer) return Fail(answer.error());
  const json found = answer->value("kvs", json::array());
  if (found.empty()) return Fail(ErrorCode::kNotFound, path + " is not there");
  return Decode(found[0].at("value").get<std::string>());
}

Status WriteEtcd(RealKubeApiServer& kube, const std::string& path,
                 const std::string& text) {
  const auto answer =
      Post(kube, "put", {{"key", KeyOf(path)}, {"value", Base64Encode(text)}});
  return answer ? Status() : Fail(answer.error());
}

}  // namespace claviger::testing
