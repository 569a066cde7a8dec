// SPDX-License-Identifier: Apache-2.0
#include "kube/lease.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace claviger::kube {
namespace {

using nlohmann::json;

// The API server wants exactly six digits of a second here.
std::string MicroTime(Time time) {
  std::string text = FormatRfc3339(time);
  const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
  std::string digits = std::to_string(part.count());
  digits.insert(0, 3 - digits.size(), '0');
  text.pop_back();  // the Z
  return text + "." + digits + "000Z";
}

json TimeOrNull(const std::optional<Time>& time) {
  return time ? json(MicroTime(*time)) : json(nullptr);
}

constexpr std::string_view kNotePrefix = "claviger.io/";

json AnnotationsOf(const Lease& lease) {
  json annotations = json::object();
  for (const auto& [name, text] : lease.notes) {
    annotations[std::string(kNotePrefix) + name] =
        text.empty() ? json(nullptr) : json(text);
  }
  return annotations;
}

json SpecOf(const Lease& lease) {
  return {{"holderIdentity",
           lease.holder.empty() ? json(nullptr) : json(lease.holder)},
          {"leaseDurationSeconds", lease.duration.count()},
          {"acquireTime", TimeOrNull(lease.acquired)},
          {"renewTime", TimeOrNull(lease.renewed)},
          {"leaseTransitions", lease.transitions}};
}

std::string TextIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

int64_t NumberIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer()
             ? found->get<int64_t>()
             : 0;
}

std::optional<Time> TimeIn(const json& object, const char* key) {
  const auto time = ParseRfc3339(TextIn(object, key));
  return time ? std::optional(*time) : std::nullopt;
}

json ObjectIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : json::object();
}

Result<Lease> Read(const Result<std::string>& text) {
  if (!text) return Fail(text.error());
  const auto parsed = ParseJson(*text, {size_t{64} << 10U, 16, 5'000});
  if (!parsed) return Fail(parsed.error(), "read a Lease");
  if (!parsed->is_object()) {
    return Fail(ErrorCode::kMalformed, "read a Lease: not an object");
  }
  const json spec = ObjectIn(*parsed, "spec");
  const json metadata = ObjectIn(*parsed, "metadata");
  Lease lease;
  lease.holder = TextIn(spec, "holderIdentity");
  lease.duration = std::chrono::seconds(NumberIn(spec, "leaseDurationSeconds"));
  lease.acquired = TimeIn(spec, "acquireTime");
  lease.renewed = TimeIn(spec, "renewTime");
  lease.transitions = NumberIn(spec, "leaseTransitions");
  lease.resource_version = TextIn(metadata, "resourceVersion");
  const json annotations = ObjectIn(metadata, "annotations");
  for (const auto& [name, value] : annotations.items()) {
    if (name.rfind(kNotePrefix, 0) != 0 || !value.is_string()) continue;
    lease.notes.emplace(name.substr(kNotePrefix.size()),
                        value.get<std::string>());
  }
  if (lease.resource_version.empty()) {
    return Fail(ErrorCode::kMalformed, "read a Lease: no resourceVersion");
  }
  return lease;
}

}  // namespace

Result<Lease> GetLease(const Client& client, const ObjectName& name) {
  return Read(client.Get(kLeases, name));
}

Result<Lease> CreateLease(const Client& client, const ObjectName& name,
                          const Lease& lease) {
  json object{{"apiVersion", "coordination.k8s.io/v1"},
              {"kind", "Lease"},
              {"metadata", {{"namespace", name.ns}, {"name", name.name}}},
              {"spec", SpecOf(lease)}};
  if (!lease.notes.empty()) {
    object["metadata"]["annotations"] = AnnotationsOf(lease);
  }
  return Read(client.Create(kLeases, name.ns, DumpJson(object)));
}

Result<Lease> UpdateLease(const Client& client, const ObjectName& name,
                          const Lease& lease) {
  json patch{{"metadata", {{"resourceVersion", lease.resource_version}}},
             {"spec", SpecOf(lease)}};
  if (!lease.notes.empty()) {
    patch["metadata"]["annotations"] = AnnotationsOf(lease);
  }
  return Read(client.Patch(kLeases, name, DumpJson(patch)));
}

}  // namespace claviger::kube
