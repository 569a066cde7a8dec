// SPDX-License-Identifier: Apache-2.0
//
// Random worlds as custom resources: applied to a real API server, brought to a
// real Vault by the operator's process, and what each service account's real
// login may read there is what the oracle says of what the API server stored.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/clock.h"
#include "cluster_bed.h"
#include "model/manifests.h"
#include "support/kube_manifests.h"
#include "support/object_json.h"
#include "support/oracle.h"
#include "support/world.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr uint64_t kWorlds = 50;
constexpr const char* kKinds[] = {"Grant", "Connection", "Group"};

class OperatorWorldsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    bed_->SetMounts(R"([{mount: secret, engine: kv2, allow: ["+/+"]},)"
                    R"( {mount: secret, engine: read, allow: ["+/+/+"]},)"
                    R"( {mount: team, engine: kv2, allow: ["+"]},)"
                    R"( {mount: kv, engine: kv1, allow: ["+"]},)"
                    R"( {mount: db, engine: database, allow: ["+"]}])");
    for (const model::ObjectRef& account : WorldAccounts()) {
      ASSERT_TRUE(bed_->kube().CreateNamespace(account.ns));
      ASSERT_TRUE(bed_->kube().CreateServiceAccount(account.ns, account.name));
    }
    for (const char* ns : {"hr", "data", "sales-eu"}) {
      ASSERT_TRUE(bed_->kube().CreateNamespace(ns));
    }
  }

  // What the API server refuses is no part of the world.
  void Apply(const model::Objects& objects) {
    const auto create = [&](const std::string& kind, const std::string& ns,
                            const std::string& object) {
      (void)bed_->kube().Call(
          "POST", ResourcePath("claviger.io/v1alpha1", kind, ns), object);
    };
    for (const auto& one : objects.groups) {
      create("Group", "", ObjectJson(one));
    }
    for (const auto& one : objects.connections) {
      create("Connection", one.metadata.ns, ObjectJson(one));
    }
    for (const auto& one : objects.grants) {
      create("Grant", one.metadata.ns, ObjectJson(one));
    }
  }

  json List(const std::string& kind) {
    const std::string all = kind == "Group"   ? "groups"
                            : kind == "Grant" ? "grants"
                                              : "connections";
    const auto answer =
        bed_->kube().Call("GET", "/apis/claviger.io/v1alpha1/" + all);
    if (!answer || !answer->ok()) return json::array();
    json items = json::parse(answer->body)["items"];
    for (json& item : items) {
      item["apiVersion"] = "claviger.io/v1alpha1";
      item["kind"] = kind;
    }
    return items;
  }

  model::Objects Stored() {
    model::Objects all;
    for (const char* kind : kKinds) {
      for (const json& item : List(kind)) {
        model::Objects one = model::DecodeObject(item.dump());
        std::move(one.connections.begin(), one.connections.end(),
                  std::back_inserter(all.connections));
        std::move(one.grants.begin(), one.grants.end(),
                  std::back_inserter(all.grants));
        std::move(one.groups.begin(), one.groups.end(),
                  std::back_inserter(all.groups));
      }
    }
    return all;
  }

  static std::set<std::string> Named(const model::Objects& objects) {
    std::set<std::string> paths;
    for (const auto& one : objects.connections) {
      const auto& slot = one.credentials.default_slot;
      if (slot) paths.insert(ApiPath(slot->vault));
    }
    for (const auto& one : objects.grants) {
      if (one.credential) paths.insert(ApiPath(one.credential->vault));
    }
    return paths;
  }

  // What a login of the account may read, of these paths.
  std::set<std::string> Readable(const model::ObjectRef& account,
                                 const std::set<std::string>& paths) {
    const auto token = bed_->LogIn(account.ns, account.name);
    if (!token || paths.empty()) return {};
    const auto answer =
        bed_->vault().Call("POST", "sys/capabilities",
                           json{{"token", *token}, {"paths", paths}}.dump());
    std::set<std::string> readable;
    if (!answer || !answer->ok()) return readable;
    const json all = json::parse(answer->body)["data"];
    for (const std::string& path : paths) {
      const json& capabilities = all.at(path);
      const bool reads = std::any_of(
          capabilities.begin(), capabilities.end(),
          [](const json& one) { return one == "read" || one == "root"; });
      if (reads) readable.insert(path);
    }
    return readable;
  }

  using Rights = std::map<model::ObjectRef, std::set<std::string>>;

  Rights Expected(const model::Objects& objects) {
    Rights rights;
    for (const model::ObjectRef& account : WorldAccounts()) {
      rights[account] = OraclePaths(
          objects, access::Caller::ServiceAccount(account.ns, account.name),
          SystemClock().Now());
    }
    return rights;
  }

  Rights Actual(const model::Objects& objects) {
    Rights rights;
    const std::set<std::string> paths = Named(objects);
    for (const model::ObjectRef& account : WorldAccounts()) {
      rights[account] = Readable(account, paths);
    }
    return rights;
  }

  void Clear() {
    for (const char* kind : kKinds) {
      for (const json& item : List(kind)) {
        (void)bed_->Delete(kind, item["metadata"].value("namespace", ""),
                           item["metadata"]["name"]);
      }
    }
    ASSERT_TRUE(ClusterBed::Await([this] {
      return std::all_of(
          std::begin(kKinds), std::end(kKinds),
          [this](const char* kind) { return List(kind).empty(); });
    })) << bed_->LogOf("operator");
  }

  std::unique_ptr<ClusterBed> bed_;
};

TEST_F(OperatorWorldsTest, RealLoginsMayReadWhatTheOracleSays) {
  auto process = bed_->StartOperator("operator");
  ASSERT_TRUE(process) << process.error().message;
  // Pods that ask for injection make every account a principal, also those
  // that no object of a world names.
  for (const model::ObjectRef& account : WorldAccounts()) {
    const auto pod = bed_->kube().Call(
        "POST", "/api/v1/namespaces/" + account.ns + "/pods",
        json{{"metadata",
              {{"name", account.name},
               {"labels", {{"claviger.io/inject", "true"}}}}},
             {"spec",
              {{"serviceAccountName", account.name},
               {"containers", {{{"name", "c"}, {"image", "none"}}}}}}}
            .dump());
    ASSERT_TRUE(pod && pod->ok()) << (pod ? pod->body : pod.error().message);
  }
  size_t readable = 0;
  for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
    Apply(RandomWorld(seed, {4, 5, false}).objects);
    const model::Objects stored = Stored();
    const Rights expected = Expected(stored);
    Rights actual;
    const bool same = ClusterBed::Await([&] {
      actual = Actual(stored);
      return actual == expected;
    });
    for (const auto& [account, paths] : expected) {
      readable += paths.size();
      ASSERT_EQ(actual[account], paths)
          << "world " << seed << ", " << ToString(account) << "\n"
          << Describe(stored) << bed_->LogOf("operator");
    }
    ASSERT_TRUE(same);
    Clear();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(readable, kWorlds);  // the worlds say something
  EXPECT_EQ(process->Stop(), 0);
}

}  // namespace
}  // namespace claviger::testing
