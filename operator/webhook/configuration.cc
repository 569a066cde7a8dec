// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/configuration.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "operator/webhook/authority.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;

// Base64 with padding, as the API server writes bytes.
std::string Decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  std::erase_if(text, [](char c) { return c == '=' || c == '\n'; });
  auto bytes = Base64UrlDecode(text);
  return bytes ? *std::move(bytes) : std::string();
}

std::string BundleOf(const json& webhook) {
  const auto client = webhook.find("clientConfig");
  if (client == webhook.end() || !client->is_object()) return "";
  const auto bundle = client->find("caBundle");
  return bundle == client->end() || !bundle->is_string()
             ? ""
             : Decode(bundle->get<std::string>());
}

bool IsListOfObjects(const json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(),
                     [](const json& one) { return one.is_object(); });
}

}  // namespace

Result<BundleEdit> EditBundles(std::string_view configuration,
                               const std::vector<std::string>& ours, Time now) {
  auto parsed = ParseJson(configuration);
  if (!parsed) return Fail(parsed.error());
  if (!parsed->is_object() ||
      !IsListOfObjects(parsed->value("webhooks", json())) ||
      !parsed->value("metadata", json()).is_object()) {
    return Fail(ErrorCode::kMalformed,
                "not a webhook configuration with webhooks");
  }
  BundleEdit edit;
  json& webhooks = (*parsed)["webhooks"];
  edit.bundle = BundleOf(webhooks[0]);
  if (ours.empty()) return edit;
  // The first one's bundle for all of them.
  edit.bundle = MergeBundle(edit.bundle, ours, now);
  bool changed = false;
  for (json& webhook : webhooks) {
    const std::string before = BundleOf(webhook);
    if (before == edit.bundle) continue;
    changed = true;
    webhook["clientConfig"]["caBundle"] = Base64Encode(edit.bundle);
  }
  if (!changed) return edit;
  const json& version = (*parsed)["metadata"]["resourceVersion"];
  edit.merge_patch = DumpJson(json{{"metadata", {{"resourceVersion", version}}},
                                   {"webhooks", webhooks}});
  return edit;
}

}  // namespace claviger::op::webhook
