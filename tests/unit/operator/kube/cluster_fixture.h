// SPDX-License-Identifier: Apache-2.0
//
// A cluster and a Vault in memory, and an operator between them that can be
// killed and started again at any time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "kube/client.h"
#include "operator/kube/kube_source.h"
#include "operator/kube/revocations_map.h"
#include "operator/kube/status_writer.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"
#include "support/fake_random.h"
#include "unit/operator/fixture.h"
#include "unit/operator/kube/api_objects.h"

namespace claviger::testing {

/// One process of the operator: what it knows ends with it.
class OperatorProcess {
 public:
  OperatorProcess(FakeKube& kube, FakeVault& vault, FakeClock& clock)
      : clock_(clock),
        client_(kube),
        token_(Secret("root")),
        vault_store_(vault, token_, TestSettings().layout.mount),
        reconciler_(TestSettings(), vault_store_),
        finalizers_(client_, objects_, [this] { return leading_; }),
        pending_(client_, {"claviger-system", "claviger-operator-revocations"},
                 [this] { return leading_; }),
        departures_({client_, objects_, pending_, clock, log_},
                    std::chrono::minutes(5)),
        source_(objects_, finalizers_, departures_, log_),
        statuses_({.with_users = true, .cluster = "prod", .instance = "op-0"},
                  client_, objects_, clock, random_, log_,
                  [this] { return leading_; }) {}

  /// Takes what the API server lists now, as informers do.
  Status List() {
    return ListKind(kube::kConnections, op::ObjectKind::kConnection,
                    op::ObjectStore::Part::kConnections)
        .and_then([this] {
          return ListKind(kube::kGrants, op::ObjectKind::kGrant,
                          op::ObjectStore::Part::kGrants);
        })
        .and_then([this] {
          return ListKind(kube::kGroups, op::ObjectKind::kGroup,
                          op::ObjectStore::Part::kGroups);
        })
        .and_then([this]() -> Status {
          objects_.SetSynced(op::ObjectStore::Part::kPods);
          objects_.SetSynced(op::ObjectStore::Part::kAccounts);
          return {};
        });
  }

  /// One look, one pass, and the statuses that follow.
  void Turn() {
    if (!List()) return;
    op::PassReport report;
    if (source_.Changed()) {
      if (const auto edits = source_.ReadEdits()) {
        report = reconciler_.Edit(*edits, clock_.Now());
      } else if (auto objects = source_.Read()) {
        report = reconciler_.Pass(*std::move(objects), clock_.Now());
      }
    } else {
      report = reconciler_.Continue(clock_.Now());
    }
    Follow(report);
    while (last_.unfinished) Follow(reconciler_.Continue(clock_.Now()));
    while (statuses_.Turn() == std::chrono::milliseconds(0)) {
    }
  }

  /// A look while Vault cannot even be asked whether it is ours.
  void Wait() {
    if (!List()) return;
    source_.WithoutVault({ErrorCode::kUnavailable, "claim: no connection", {}});
  }

  op::Reconciler& reconciler() { return reconciler_; }
  const op::PassReport& last() const { return last_; }
  void StopLeading() { leading_ = false; }

 private:
  void Follow(const op::PassReport& report) {
    source_.After(report);
    last_ = report;
    statuses_.Offer({report, source_.blocked(), clock_.Now()});
  }

  Status ListKind(const kube::Resource& resource, op::ObjectKind kind,
                  op::ObjectStore::Part part) {
    std::set<op::ObjectId> gone;
    objects_.ForEach([&](const op::ObjectId& id, const auto&) {
      if (id.kind == kind) gone.insert(id);
    });
    const auto listed =
        client_.List(resource, {},
                     {[] {},
                      [&](const kube::ObjectView& view) {
                        gone.erase({kind, {view.name.ns, view.name.name}});
                        (void)objects_.Put(kind, view.json);
                      }});
    if (!listed) return Fail(listed.error());
    for (const op::ObjectId& id : gone) objects_.Remove(id, "");
    objects_.SetSynced(part);
    return {};
  }

  FakeClock& clock_;
  FakeRandom random_;
  NullLogger log_;
  kube::Client client_;
  op::ObjectStore objects_;
  op::FixedToken token_;
  op::VaultStore vault_store_;
  op::Reconciler reconciler_;
  bool leading_ = true;
  op::Finalizers finalizers_;
  op::RevocationsMap pending_;
  op::Departures departures_;
  op::KubeSource source_;
  op::StatusWriter statuses_;
  op::PassReport last_;
};

class ClusterFixture : public ::testing::Test {
 protected:
  void Apply(const nlohmann::json& object) {
    kube_.Apply(ResourceOf(object), AsUser(object));
  }
  /// What a user's manifest holds, with what `kubectl apply` leaves alone.
  nlohmann::json AsUser(nlohmann::json object) {
    nlohmann::json& metadata = object["metadata"];
    const nlohmann::json stored =
        kube_.Peek(ResourceOf(object),
                   {metadata.value("namespace", ""), metadata["name"]});
    for (const char* field : {"uid", "resourceVersion", "generation"}) {
      metadata.erase(field);
    }
    metadata.erase("finalizers");
    if (!stored.is_null() && stored["metadata"].contains("finalizers")) {
      metadata["finalizers"] = stored["metadata"]["finalizers"];
    }
    return object;
  }
  void Delete(const kube::Resource& resource, const std::string& ns,
              const std::string& name) {
    kube_.Delete(resource, {ns, name});
  }
  static const kube::Resource& ResourceOf(const nlohmann::json& object) {
    const std::string kind = object.at("kind");
    if (kind == "Grant") return kube::kGrants;
    return kind == "Group" ? kube::kGroups : kube::kConnections;
  }
  void Start() {
    operator_ = std::make_unique<OperatorProcess>(kube_, vault_, clock_);
  }
  void Settle() {
    for (int i = 0; i < 4; ++i) operator_->Turn();
  }
  /// "True/Ready" of a stored object's condition.
  std::string Condition(const kube::Resource& resource, const std::string& ns,
                        const std::string& name, const std::string& type) {
    const nlohmann::json object = kube_.Peek(resource, {ns, name});
    if (object.is_null()) return "gone";
    for (const auto& one : object.value("/status/conditions"_json_pointer,
                                        nlohmann::json::array())) {
      if (one.at("type") != type) continue;
      return one.at("status").get<std::string>() + "/" +
             one.at("reason").get<std::string>();
    }
    return "absent";
  }
  std::string Policy(const std::string& id) const {
    return vault_.Policy("claviger.prod." + id);
  }

  FakeClock clock_;
  FakeKube kube_{clock_};
  FakeVault vault_;
  std::unique_ptr<OperatorProcess> operator_;
};

}  // namespace claviger::testing
