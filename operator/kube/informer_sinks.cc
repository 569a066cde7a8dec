// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/informer_sinks.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/names.h"

namespace claviger::op {
namespace {

using nlohmann::json;

// A pod without one runs as "default"; the API server fills it in.
std::string ServiceAccountOf(const json& pod) {
  constexpr const char* kDefault = "default";
  const auto spec = pod.find("spec");
  if (spec == pod.end() || !spec->is_object()) return kDefault;
  const auto name = spec->find("serviceAccountName");
  if (name == spec->end() || !name->is_string()) return kDefault;
  return name->get<std::string>();
}

ObjectStore::Part PartOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kConnection:
      return ObjectStore::Part::kConnections;
    case ObjectKind::kGrant:
      return ObjectStore::Part::kGrants;
    case ObjectKind::kGroup:
      break;
  }
  return ObjectStore::Part::kGroups;
}

}  // namespace

void ObjectSink::OnObject(const kube::ObjectView& object, Seen) {
  const Status taken = store_.Put(kind_, object.json);
  if (taken) return;
  log_.Warning("object passed over", {{"kind", ToString(kind_)},
                                      {"namespace", object.name.ns},
                                      {"name", object.name.name},
                                      {"error", taken.error().message}});
}

// Whether the end was announced (our finalizer saw it) or not is told apart by
// what the store held: an object that was not ending is gone unexplained.
void ObjectSink::OnDeleted(const kube::ObjectName& name, const std::string& uid,
                           Gone gone) {
  const ObjectId id{kind_, {name.ns, name.name}};
  if (gone == Gone::kAbsent) return store_.RemoveMissing(id, uid);
  store_.Remove(id, uid);
}

void ObjectSink::OnSynced() { store_.SetSynced(PartOf(kind_)); }

void PodSink::OnObject(const kube::ObjectView& object, Seen) {
  const Result<json> pod = ParseJson(object.json);
  if (!pod) {
    log_.Warning("pod passed over", {{"namespace", object.name.ns},
                                     {"name", object.name.name},
                                     {"error", pod.error().message}});
    return;
  }
  uninjected_.Put(object, inject::FindWithoutSidecar(*pod));
  std::string account = ServiceAccountOf(*pod);
  if (!IsDnsSubdomain(account)) return;
  store_.PutPod({object.name.ns, object.name.name}, std::move(account));
}

void PodSink::OnDeleted(const kube::ObjectName& name, const std::string&,
                        Gone) {
  uninjected_.Remove(name);
  store_.RemovePod({name.ns, name.name});
}

void PodSink::OnSynced() { store_.SetSynced(ObjectStore::Part::kPods); }

void AccountSink::OnObject(const kube::ObjectView& object, Seen) {
  store_.PutAccount({object.name.ns, object.name.name}, object.uid);
}

// What is merely missing from a list keeps what it has: nobody logs in as an
// account that is gone, and a successor is told by its uid.
void AccountSink::OnDeleted(const kube::ObjectName& name,
                            const std::string& uid, Gone gone) {
  if (gone == Gone::kAbsent) return;
  store_.RemoveAccount({name.ns, name.name}, uid);
}

void AccountSink::OnSynced() { store_.SetSynced(ObjectStore::Part::kAccounts); }

}  // namespace claviger::op
