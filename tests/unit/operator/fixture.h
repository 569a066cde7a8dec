// SPDX-License-Identifier: Apache-2.0
//
// A reconciler on a Vault in memory, and the worlds its tests start from.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/reconciler.h"
#include "operator/vault_store.h"
#include "support/builders.h"
#include "support/fake_vault.h"

namespace claviger::testing {

inline const Time kNow{std::chrono::seconds(1'767'225'600)};

inline Time After(std::chrono::seconds by) { return kNow + by; }

/// A cluster "prod", with logins for users.
inline op::ReconcilerSettings TestSettings() {
  op::ReconcilerSettings settings;
  settings.layout.cluster = "prod";
  settings.layout.sidecar_audience = "claviger-test";
  settings.layout.user_auth_mount = "claviger-users";
  settings.layout.user_audiences = {"claviger-test"};
  settings.snapshot.paths.cluster = "prod";
  return settings;
}

/// A process: its knowledge of Vault ends with it, Vault does not.
class Process {
 public:
  explicit Process(FakeVault& vault,
                   op::ReconcilerSettings settings = TestSettings())
      : token_(Secret("root")),
        store_(vault, token_, settings.layout.mount),
        reconciler_(std::move(settings), store_) {}

  op::Reconciler& operator*() { return reconciler_; }
  op::Reconciler* operator->() { return &reconciler_; }
  op::Store& store() { return store_; }

 private:
  op::FixedToken token_;
  op::VaultStore store_;
  op::Reconciler reconciler_;
};

class ReconcilerFixture : public ::testing::Test {
 protected:
  /// A pass of the process at hand.
  op::PassReport Pass(const model::Objects& objects, Time now = kNow) {
    return (*process_)->Pass(objects, now);
  }
  void Restart(op::ReconcilerSettings settings = TestSettings()) {
    process_ = std::make_unique<Process>(vault_, std::move(settings));
  }
  /// The API paths that a policy opens, our own mount and self-service left
  /// out.
  std::vector<std::string> CredentialPaths(const std::string& id) const {
    std::vector<std::string> paths;
    const std::string text = vault_.Policy("claviger.prod." + id);
    if (text.empty()) return paths;
    const auto policy = nlohmann::json::parse(text);
    for (const auto& [path, rule] : policy.at("path").items()) {
      const bool own = path.rfind("claviger/", 0) == 0 ||
                       path.rfind("auth/", 0) == 0 ||
                       path.rfind("sys/", 0) == 0;
      if (!own) paths.push_back(path);
    }
    return paths;
  }
  nlohmann::json Bindings(const std::string& id) const {
    return vault_.Secret("claviger/prod/bindings/" + id);
  }

  FakeVault vault_;
  std::unique_ptr<Process> process_ = std::make_unique<Process>(vault_);
};

/// sales/warehouse, erin's, with a default credential; sa/reports/nightly has
/// a credential of its own by the Grant `nightly`.
inline model::Objects Quickstart() {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse")
                             .WithOwner(User("erin"))
                             .WithMode(model::CredentialMode::kLayered)
                             .WithDefault(Kv2("secret", "sales/warehouse"))};
  objects.grants = {AGrant("sales/nightly", "warehouse")
                        .To(Account("reports/nightly"))
                        .Allowing({model::Privilege::kUse})
                        .WithCredential(Kv2("secret", "sales/nightly")),
                    AGrant("sales/closer", "warehouse")
                        .To(Account("finance/closer"))
                        .Allowing({model::Privilege::kUse})};
  return objects;
}

/// `count` connections in `ns`, each with its own path and a Grant to
/// sa/reports/nightly.
inline model::Objects ManyConnections(const std::string& ns, int count) {
  model::Objects objects;
  for (int i = 0; i < count; ++i) {
    const std::string name = "c" + std::to_string(i);
    objects.connections.push_back(
        AConnection(ns + "/" + name)
            .WithOwner(User("erin"))
            .WithDefault(Kv2("secret", ns + "/" + name)));
    objects.grants.push_back(AGrant(ns + "/g" + std::to_string(i), name)
                                 .To(Account("reports/nightly"))
                                 .Allowing({model::Privilege::kUse}));
  }
  return objects;
}

inline model::Objects Join(model::Objects a, const model::Objects& b) {
  a.connections.insert(a.connections.end(), b.connections.begin(),
                       b.connections.end());
  a.grants.insert(a.grants.end(), b.grants.begin(), b.grants.end());
  a.groups.insert(a.groups.end(), b.groups.begin(), b.groups.end());
  return a;
}

}  // namespace claviger::testing
