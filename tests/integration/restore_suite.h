// SPDX-License-Identifier: Apache-2.0
//
// One Grant in force, and what is needed to take it away and to look whether it
// is back: for tests that put etcd or Vault back to an earlier state.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "fault_suite.h"

namespace claviger::testing {

inline constexpr char kWarehouseSlot[] = "secret/data/sales/warehouse";
inline constexpr char kDriftOften[] = "intervals: {driftSeconds: 1}\n";

class RestoreSuite : public FaultSuite {
 protected:
  void Begin() override { ASSERT_TRUE(bed_->StartOperator(kDriftOften)); }
  void End() override { CleanUp(kDriftOften); }

  RealVault& vault() { return bed_->cluster().vault(); }
  RealKubeApiServer& kube() { return bed_->cluster().kube(); }

  void MakeReady() {
    ASSERT_EQ(bed_->MakeReady(), "True/Ready") << bed_->Log();
    const auto token = bed_->cluster().LogIn("reports", "nightly");
    ASSERT_TRUE(token) << token.error().message;
    token_ = *token;
    ASSERT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
  }

  bool AwaitRead(int status) {
    return ClusterBed::Await(
        [&] { return bed_->cluster().Read(token_, kWarehouseSlot) == status; });
  }

  nlohmann::json Data(const std::string& path) {
    const auto answer = vault().Call("GET", path);
    return answer && answer->ok() ? answer->Json()["data"] : nlohmann::json();
  }

  void DeleteGrant() {
    ASSERT_TRUE(bed_->cluster().Delete("Grant", "sales", "nightly"));
    ASSERT_TRUE(ClusterBed::Await([&] {
      return bed_->cluster().Get("Grant", "sales", "nightly").is_null();
    })) << bed_->Log();
  }

  std::string token_;
};

}  // namespace claviger::testing
