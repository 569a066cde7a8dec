// SPDX-License-Identifier: Apache-2.0
#include "support/fake_kube_store.h"

#include <algorithm>

#include "base/digest.h"

namespace claviger::testing {
namespace {

using kube::ObjectName;
using kube::Resource;
using nlohmann::json;

bool IsOurs(const Resource& resource) {
  return resource.group == kube::kConnections.group;
}

// What counts for the generation: everything but metadata and status.
json Content(json object) {
  object.erase("metadata");
  object.erase("status");
  return object;
}

bool IsDeleting(const json& object) {
  return object["metadata"].contains("deletionTimestamp");
}

json Finalizers(const json& object) {
  return object.at("metadata").value("finalizers", json::array());
}

// The server's fields of metadata cannot be written.
void KeepServersFields(const json& stored, json& wanted) {
  for (const char* field :
       {"uid", "creationTimestamp", "generation", "deletionTimestamp",
        "deletionGracePeriodSeconds", "resourceVersion", "name", "namespace"}) {
    wanted["metadata"].erase(field);
    if (stored["metadata"].contains(field)) {
      wanted["metadata"][field] = stored["metadata"][field];
    }
  }
}

bool AddsFinalizers(const json& stored, const json& wanted) {
  const json before = Finalizers(stored);
  const json after = Finalizers(wanted);
  return std::any_of(after.begin(), after.end(), [&](const json& name) {
    return std::find(before.begin(), before.end(), name) == before.end();
  });
}

void TidyUp(json& object) {
  if (Finalizers(object).empty()) object["metadata"].erase("finalizers");
}

}  // namespace

KubeOutcome KubeFailure(int code, const std::string& reason,
                        const std::string& message) {
  return {code,
          {{"apiVersion", "v1"},
           {"kind", "Status"},
           {"metadata", json::object()},
           {"status", "Failure"},
           {"reason", reason},
           {"message", message},
           {"code", code}}};
}

FakeKubeStore::FakeKubeStore(const Clock& clock) : clock_(clock) {
  for (const char* name : {"default", "kube-system"}) {
    Create(kube::kNamespaces, "", {{"metadata", {{"name", name}}}});
  }
}

std::string FakeKubeStore::Fresh() {
  std::string digits = std::to_string(++made_);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

json* FakeKubeStore::Find(const Resource& resource, const ObjectName& name) {
  Objects& objects = objects_[std::string(resource.plural)];
  const auto found = objects.find(name);
  return found == objects.end() ? nullptr : &found->second;
}

KubeOutcome FakeKubeStore::RefuseNamespace(const std::string& ns) const {
  const auto& namespaces = objects_.at("namespaces");
  const auto found = namespaces.find(ObjectName{"", ns});
  if (found == namespaces.end()) return KubeFailure(404, "NotFound");
  if (found->second["metadata"].contains("deletionTimestamp")) {
    return KubeFailure(403, "Forbidden", "the namespace is being terminated");
  }
  return {};
}

void FakeKubeStore::Store(const Resource& resource, const ObjectName& name,
                          json object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  TidyUp(object);
  json& place = objects_[std::string(resource.plural)][name];
  history_.push_back(
      {version_, std::string(resource.plural), std::move(place), object});
  place = std::move(object);
}

void FakeKubeStore::Erase(const Resource& resource, const ObjectName& name,
                          json last) {
  last["metadata"]["resourceVersion"] = std::to_string(++version_);
  history_.push_back(
      {version_, std::string(resource.plural), std::move(last), json(nullptr)});
  objects_[std::string(resource.plural)].erase(name);
}

KubeOutcome FakeKubeStore::Create(const Resource& resource,
                                  const std::string& ns, json object) {
  if (!object.is_object()) return KubeFailure(400, "BadRequest");
  json& metadata = object["metadata"];
  if (!metadata.contains("name") && metadata.contains("generateName")) {
    metadata["name"] = metadata["generateName"].get<std::string>() + Fresh();
  }
  const ObjectName name{ns, metadata.value("name", "")};
  if (name.name.empty() || metadata.value("namespace", ns) != ns) {
    return KubeFailure(400, "BadRequest");
  }
  if (!ns.empty()) {
    if (auto refused = RefuseNamespace(ns); refused.code != 200) return refused;
  }
  if (Find(resource, name)) return KubeFailure(409, "AlreadyExists");
  object["apiVersion"] = resource.ApiVersion();
  object["kind"] = resource.kind;
  if (!ns.empty()) metadata["namespace"] = ns;
  metadata["uid"] = UuidV5("fake/" + Fresh());
  metadata["creationTimestamp"] = FormatRfc3339(clock_.Now());
  if (IsOurs(resource)) {
    metadata["generation"] = 1;
    object.erase("status");
  }
  Store(resource, name, std::move(object));
  return {201, *Find(resource, name)};
}

KubeOutcome FakeKubeStore::Get(const Resource& resource,
                               const ObjectName& name) const {
  const auto objects = objects_.find(std::string(resource.plural));
  if (objects == objects_.end()) return KubeFailure(404, "NotFound");
  const auto found = objects->second.find(name);
  if (found == objects->second.end()) return KubeFailure(404, "NotFound");
  return {200, found->second};
}

KubeOutcome FakeKubeStore::Write(const Resource& resource,
                                 const ObjectName& name, json wanted,
                                 const std::string& subresource) {
  const json stored = *Find(resource, name);
  const json& asked = wanted["metadata"];
  if (asked.value("resourceVersion", "") != "" &&
      asked["resourceVersion"] != stored["metadata"]["resourceVersion"]) {
    return KubeFailure(409, "Conflict");
  }
  if (asked.value("uid", "") != "" &&
      asked["uid"] != stored["metadata"]["uid"]) {
    return KubeFailure(409, "Conflict");
  }
  if (subresource == "status") {
    json status = wanted.value("status", json());
    wanted = stored;
    wanted["status"] = std::move(status);
  } else if (IsOurs(resource)) {
    wanted.erase("status");
    if (stored.contains("status")) wanted["status"] = stored["status"];
  }
  KeepServersFields(stored, wanted);
  TidyUp(wanted);
  if (IsDeleting(stored) && AddsFinalizers(stored, wanted)) {
    return KubeFailure(422, "Invalid", "no new finalizers while deleting");
  }
  if (wanted == stored) return {200, stored};
  if (IsOurs(resource) && Content(wanted) != Content(stored)) {
    wanted["metadata"]["generation"] =
        stored["metadata"]["generation"].get<int64_t>() + 1;
  }
  if (IsDeleting(stored) && Finalizers(wanted).empty()) {
    Erase(resource, name, wanted);
    return {200, wanted};
  }
  Store(resource, name, std::move(wanted));
  return {200, *Find(resource, name)};
}

KubeOutcome FakeKubeStore::Replace(const Resource& resource,
                                   const ObjectName& name, json object,
                                   const std::string& subresource) {
  if (!Find(resource, name)) return KubeFailure(404, "NotFound");
  if (!object.is_object()) return KubeFailure(400, "BadRequest");
  return Write(resource, name, std::move(object), subresource);
}

KubeOutcome FakeKubeStore::Patch(const Resource& resource,
                                 const ObjectName& name, const json& patch,
                                 const std::string& subresource) {
  const json* stored = Find(resource, name);
  if (!stored) return KubeFailure(404, "NotFound");
  if (!patch.is_object()) return KubeFailure(400, "BadRequest");
  json wanted = *stored;
  wanted.merge_patch(patch);
  return Write(resource, name, std::move(wanted), subresource);
}

KubeOutcome FakeKubeStore::Delete(const Resource& resource,
                                  const ObjectName& name, const json& options) {
  const json* found = Find(resource, name);
  if (!found) return KubeFailure(404, "NotFound");
  json stored = *found;
  const json wanted = options.is_object()
                          ? options.value("preconditions", json::object())
                          : json::object();
  for (const char* field : {"uid", "resourceVersion"}) {
    if (wanted.contains(field) && wanted[field] != stored["metadata"][field]) {
      return KubeFailure(409, "Conflict");
    }
  }
  // A namespace waits for what is in it to be removed.
  const bool waits =
      !Finalizers(stored).empty() || resource.plural == "namespaces";
  if (!waits) {
    Erase(resource, name, stored);
    KubeOutcome done = KubeFailure(200, "");
    done.body["status"] = "Success";
    return done;
  }
  if (!IsDeleting(stored)) {
    json& metadata = stored["metadata"];
    metadata["deletionTimestamp"] = FormatRfc3339(clock_.Now());
    metadata["deletionGracePeriodSeconds"] = 0;
    if (metadata.contains("generation")) {
      metadata["generation"] = metadata["generation"].get<int64_t>() + 1;
    }
    Store(resource, name, std::move(stored));
  }
  return {200, *Find(resource, name)};
}

std::vector<json> FakeKubeStore::List(const Resource& resource,
                                      const std::string& ns) const {
  std::vector<json> found;
  const auto objects = objects_.find(std::string(resource.plural));
  if (objects == objects_.end()) return found;
  for (const auto& [name, object] : objects->second) {
    if (ns.empty() || name.ns == ns) found.push_back(object);
  }
  return found;
}

}  // namespace claviger::testing
