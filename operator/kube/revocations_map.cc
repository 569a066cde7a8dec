// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/revocations_map.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"

namespace claviger::op {
namespace {

using nlohmann::json;

constexpr char kKey[] = "pending.json";
constexpr std::string_view kDoing = "read pending revocations";

}  // namespace

RevocationsMap::RevocationsMap(const kube::Client& client,
                               kube::ObjectName name,
                               std::function<bool()> may_write)
    : client_(client),
      name_(std::move(name)),
      may_write_(std::move(may_write)) {}

Result<std::vector<model::Ended>> RevocationsMap::Load() {
  version_.clear();
  const Result<std::string> text = client_.Get(kube::kConfigMaps, name_);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) {
      return Fail(text.error(), kDoing);
    }
    return std::vector<model::Ended>();
  }
  const Result<json> object = ParseJson(*text);
  if (!object) return Fail(object.error(), kDoing);
  version_ = TextAtPath(*object, "/metadata/resourceVersion");
  const std::string data = TextAtPath(*object, "/data/pending.json");
  // Made by hand, or emptied: nothing is pending.
  if (data.empty()) return std::vector<model::Ended>();
  return DecodeEndings(data);
}

Status RevocationsMap::Save(const std::vector<model::Ended>& endings) {
  if (!may_write_()) {
    return Fail(ErrorCode::kUnavailable,
                "write pending revocations: not the leader");
  }
  json object = {{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata", {{"name", name_.name}, {"namespace", name_.ns}}},
                 {"data", {{kKey, EncodeEndings(endings)}}}};
  Result<std::string> stored = [&] {
    if (version_.empty()) {
      return client_.Create(kube::kConfigMaps, name_.ns, DumpJson(object));
    }
    object["metadata"]["resourceVersion"] = version_;
    return client_.Replace(kube::kConfigMaps, name_, DumpJson(object));
  }();
  if (!stored) {
    // Deleted by somebody: to be made anew, once what is there has been read.
    if (stored.error().code == ErrorCode::kNotFound) {
      return Fail(ErrorCode::kConflict, stored.error().message);
    }
    return Fail(std::move(stored).error());
  }
  const Result<json> read = ParseJson(*stored);
  if (!read) return Fail(read.error(), "write pending revocations");
  version_ = TextAtPath(*read, "/metadata/resourceVersion");
  return {};
}

}  // namespace claviger::op
