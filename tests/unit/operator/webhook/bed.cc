// SPDX-License-Identifier: Apache-2.0
#include "unit/operator/webhook/bed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "model/manifests.h"

namespace claviger::op::webhook::testing {
namespace {

using nlohmann::json;

constexpr const char* kApiVersion = "claviger.io/v1alpha1";

json Object(const std::string& kind, const std::string& ref) {
  const size_t slash = ref.find('/');
  json object = {{"apiVersion", kApiVersion}, {"kind", kind}};
  if (slash == std::string::npos) {
    object["metadata"]["name"] = ref;
  } else {
    object["metadata"] = {{"namespace", ref.substr(0, slash)},
                          {"name", ref.substr(slash + 1)}};
  }
  return object;
}

bool SameName(const json& a, const json& b) {
  return a["kind"] == b["kind"] &&
         a["metadata"]["name"] == b["metadata"]["name"] &&
         a["metadata"].value("namespace", "") ==
             b["metadata"].value("namespace", "");
}

}  // namespace

json UserJson(const std::string& name) {
  return {{"kind", "User"}, {"name", name}};
}
json InGroupJson(const std::string& name) {
  return {{"kind", "Group"}, {"name", name}};
}
json AccountJson(const std::string& ref) {
  const size_t slash = ref.find('/');
  return {{"kind", "ServiceAccount"},
          {"namespace", ref.substr(0, slash)},
          {"name", ref.substr(slash + 1)}};
}
json EveryoneJson() { return {{"kind", "Everyone"}}; }

json Kv2Json(const std::string& mount, const std::string& path) {
  return {{"engine", "kv2"}, {"mount", mount}, {"path", path}};
}

json ConnectionJson(const std::string& ref, const std::string& owner) {
  json object = Object("Connection", ref);
  object["spec"] = {
      {"provider", "postgresql"},
      {"endpoint", {{"host", "dw.corp"}, {"port", 5432}, {"database", "dw"}}},
      {"credentials",
       {{"type", "password"},
        {"mode", "Layered"},
        {"default", {{"vault", Kv2Json("secret", ref)}}}}}};
  if (!owner.empty()) object["spec"]["owner"] = UserJson(owner);
  return object;
}

json GrantJson(const std::string& ref, const std::string& connection,
               const std::vector<json>& subjects,
               const std::vector<std::string>& privileges) {
  json object = Object("Grant", ref);
  object["spec"] = {{"connection", connection},
                    {"subjects", subjects},
                    {"privileges", privileges}};
  return object;
}

json DenyJson(const std::string& ref, const std::string& connection,
              const std::vector<json>& subjects,
              const std::vector<std::string>& privileges) {
  json object = GrantJson(ref, connection, subjects, privileges);
  object["spec"]["effect"] = "Deny";
  return object;
}

json GroupJson(const std::string& name, const std::vector<json>& members,
               const std::vector<json>& admins) {
  json object = Object("Group", name);
  object["spec"] = {{"members", members}, {"admins", admins}};
  return object;
}

Bed::Bed() : now(*ParseRfc3339("2026-12-01T00:00:00Z")) {
  settings.operator_user = "system:serviceaccount:claviger:claviger-operator";
}

void Bed::Store(json object) {
  json& metadata = object["metadata"];
  if (!metadata.contains("uid")) {
    metadata["uid"] = "uid-" + std::to_string(++stored_);
    metadata["creationTimestamp"] =
        FormatRfc3339(now - std::chrono::hours(100 - stored_));
  }
  metadata["generation"] = metadata.value("generation", 0) + 1;
  metadata["finalizers"] = json::array({model::kFinalizer});
  Remove(object);
  objects_.push_back(object);
  if (object["kind"] != "Grant") return;
  // As the defaults stamp it.
  const View view = MakeView();
  const model::Objects one = model::DecodeObject(object.dump());
  ASSERT_EQ(one.grants.size(), 1U);
  const model::Connection* connection =
      view.FindConnection(one.grants[0].connection_ref());
  if (connection == nullptr) return;
  defaulted_ = json();
  objects_.pop_back();
  const Verdict verdict =
      Create(connection->owner ? connection->owner->name : "nobody", object);
  objects_.push_back(defaulted_.is_null() ? object : defaulted_);
  (void)verdict;
}

void Bed::Remove(const json& object) {
  std::erase_if(objects_,
                [&](const json& one) { return SameName(one, object); });
}

json Bed::Stored(const std::string& kind, const std::string& ref) const {
  const json wanted = Object(kind, ref);
  const auto found =
      std::find_if(objects_.begin(), objects_.end(),
                   [&](const json& one) { return SameName(one, wanted); });
  EXPECT_NE(found, objects_.end()) << kind << " " << ref;
  return found == objects_.end() ? json() : *found;
}

void Bed::Join(const std::string& user, std::vector<std::string> groups) {
  groups_[user] = std::move(groups);
}

model::Objects Bed::Decoded() const {
  const json list = {
      {"apiVersion", "v1"}, {"kind", "List"}, {"items", objects_}};
  model::Objects objects = model::DecodeObject(list.dump());
  const model::Refusal restored{std::string(model::kRestored), "", ""};
  const auto is_restored = [this](const model::Metadata& metadata) {
    return restored_.count(metadata.uid) > 0;
  };
  for (auto& one : objects.connections) {
    if (is_restored(one.metadata)) one.refused = restored;
  }
  for (auto& one : objects.grants) {
    if (is_restored(one.metadata)) one.inert = restored;
  }
  for (auto& one : objects.groups) {
    if (is_restored(one.metadata)) one.refused = restored;
  }
  return objects;
}

View Bed::MakeView() const {
  return View(
      std::make_shared<const access::Snapshot>(Decoded(), settings.snapshot));
}

json Bed::RequestOf(const std::string& user, const json* old,
                    const json* now_object) const {
  const json& named = now_object != nullptr ? *now_object : *old;
  const auto groups = groups_.find(user);
  json request = {
      {"uid", "review-1"},
      {"kind",
       {{"group", "claviger.io"},
        {"version", "v1alpha1"},
        {"kind", named["kind"]}}},
      {"name", named["metadata"].value("name", "")},
      {"operation", old == nullptr          ? "CREATE"
                    : now_object == nullptr ? "DELETE"
                                            : "UPDATE"},
      {"userInfo",
       {{"username", user},
        {"groups", groups == groups_.end() ? std::vector<std::string>()
                                           : groups->second}}},
      {"object", now_object != nullptr ? *now_object : json()},
      {"oldObject", old != nullptr ? *old : json()}};
  if (named["metadata"].contains("namespace")) {
    request["namespace"] = named["metadata"]["namespace"];
  }
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request", std::move(request)}};
}

Verdict Bed::JudgeOnly(const std::string& user, const json* old,
                       const json* now_object) {
  const auto review = ParseReview(RequestOf(user, old, now_object).dump());
  EXPECT_TRUE(review) << (review ? "" : review.error().message);
  if (!review) return {};
  return Judge(MakeView(), settings, *review, now);
}

Verdict Bed::Create(const std::string& user, json object) {
  const auto review = ParseReview(RequestOf(user, nullptr, &object).dump());
  EXPECT_TRUE(review) << (review ? "" : review.error().message);
  if (!review) return {};
  const Verdict defaults = Default(MakeView(), settings, *review, now);
  if (!defaults.allowed) return defaults;
  json patch = json::array();
  for (const PatchStep& step : defaults.patch) {
    patch.push_back({{"op", step.op}, {"path", step.path}});
    if (!step.value.empty()) patch.back()["value"] = json::parse(step.value);
  }
  defaulted_ = object.patch(patch);
  return JudgeOnly(user, nullptr, &defaulted_);
}

Verdict Bed::Update(const std::string& user, const json& old, json now_object) {
  const auto review = ParseReview(RequestOf(user, &old, &now_object).dump());
  EXPECT_TRUE(review) << (review ? "" : review.error().message);
  if (!review) return {};
  const Verdict defaults = Default(MakeView(), settings, *review, now);
  if (!defaults.allowed) return defaults;
  json patch = json::array();
  for (const PatchStep& step : defaults.patch) {
    patch.push_back({{"op", step.op}, {"path", step.path}});
    if (!step.value.empty()) patch.back()["value"] = json::parse(step.value);
  }
  defaulted_ = now_object.patch(patch);
  return JudgeOnly(user, &old, &defaulted_);
}

Verdict Bed::Delete(const std::string& user, const json& old) {
  return JudgeOnly(user, &old, nullptr);
}

}  // namespace claviger::op::webhook::testing
