// SPDX-License-Identifier: Apache-2.0
//
// The operator behind a network and an API server that tell it wrong: watch
// streams cut anywhere, events that are dropped, doubled and swapped, 410,
// lists that are empty or too short. It comes to what the API server stores,
// writes nothing to Vault that nobody asked for, and deletes nothing for what
// is merely missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "fault_suite.h"
#include "support/dice.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSlot[] = "secret/data/sales/warehouse";
constexpr char kGone[] =
    R"({"kind":"Status","apiVersion":"v1","status":"Failure",)"
    R"("reason":"Expired","code":410,"message":"too old"})";
constexpr char kHeld[] = "claviger_operator_mass_deletions_held_back";
constexpr int kGrants = 15;  // more than ten, and more than a tenth

// Of a list or a watch of all objects of our kinds.
std::string KindOf(const ProxiedCall& call) {
  for (const char* kind : {"/grants", "/connections", "/groups"}) {
    if (call.Names("/claviger.io/v1alpha1" + std::string(kind) + "?")) {
      return kind;
    }
  }
  return "";
}

class OperatorWatchTest : public FaultSuite {
 protected:
  void Begin() override {
    ASSERT_TRUE(bed_->StartOperator());
    ASSERT_EQ(bed_->MakeReady(), "True/Ready") << bed_->Log();
    const auto token = bed_->cluster().LogIn("reports", "nightly");
    ASSERT_TRUE(token) << token.error().message;
    token_ = *token;
    bed_->vault().OnCall([this](const ProxiedCall& call) {
      if (call.IsWrite() && !call.Names("/auth/token/")) ++vault_writes_;
      return CallVerdict();
    });
  }
  void End() override { CleanUp(); }

  // Grants g0, g1, ... beside "nightly", for another account.
  void MakeMany() {
    for (int i = 0; i < kGrants; ++i) {
      const std::string name = "g" + std::to_string(i);
      ASSERT_TRUE(bed_->cluster().Apply(GrantYaml(name, "finance/closer")));
    }
    for (int i = 0; i < kGrants; ++i) {
      ASSERT_EQ(bed_->AwaitGrant("g" + std::to_string(i), "True/Ready"),
                "True/Ready")
          << bed_->Log();
    }
    token_ = bed_->cluster().LogIn("finance", "closer").value_or("");
    ASSERT_EQ(bed_->cluster().Read(token_, kSlot), 200);
  }

  void Suspend(bool suspended) {
    ASSERT_TRUE(bed_->cluster().Apply(GrantYaml(
        "nightly", "reports/nightly",
        std::string("  suspended: ") + (suspended ? "true\n" : "false\n"))));
  }

  // Waits until Vault does as the Grant says, and until it is told.
  void ExpectSuspended(bool suspended) {
    const std::string ready = suspended ? "False/Suspended" : "True/Ready";
    EXPECT_EQ(bed_->AwaitGrant("nightly", ready), ready) << bed_->Log();
    EXPECT_EQ(bed_->cluster().Read(token_, kSlot), suspended ? 403 : 200);
  }

  // The watches of each kind are told that their version is too old, until
  // that kind was listed anew.
  void ListAnew() {
    MeddleWithLists();
    bed_->kube().BreakAll();
    ASSERT_TRUE(ClusterBed::Await([&] {
      const std::lock_guard lock(mutex_);
      return stale_.empty();
    })) << bed_->Log();
    // What is missing is looked for once more, when the watches have ended.
    bed_->kube().BreakAll();
  }

  void MeddleWithLists() {
    const std::lock_guard lock(mutex_);
    stale_ = {"/grants", "/connections", "/groups"};
    bed_->kube().OnCall([this](const ProxiedCall& call) {
      const std::lock_guard locked(mutex_);
      if (!call.IsWatch() || stale_.count(KindOf(call)) == 0) {
        return CallVerdict();
      }
      return CallVerdict{CallVerdict::Kind::kAnswer,
                         {410, kGone, "Content-Type: application/json\r\n"}};
    });
    bed_->kube().OnAnswer(
        [this](const ProxiedCall& call, ProxiedAnswer& answer) {
          const std::string kind = KindOf(call);
          if (call.method != "GET" || kind.empty()) return;
          ShortenList(answer);
          const std::lock_guard locked(mutex_);
          stale_.erase(kind);
        });
  }

  void ShortenList(ProxiedAnswer& answer) {
    if (keep_ < 0) return;
    json list = json::parse(answer.body);
    json& items = list["items"];
    if (items.size() > static_cast<size_t>(keep_)) {
      items.erase(items.begin() + keep_, items.end());
    }
    answer.body = list.dump();
  }

  bool AwaitBrake(double held) {
    return ClusterBed::Await([&] { return bed_->Metric(kHeld) == held; });
  }

  // Everything but the ledger.
  static json Rights(json vault) {
    for (auto one = vault.begin(); one != vault.end();) {
      const bool ledger = one.key().rfind("entry ledger/", 0) == 0;
      one = ledger ? vault.erase(one) : std::next(one);
    }
    return vault;
  }

  std::string token_;
  std::atomic<int> vault_writes_{0};
  std::mutex mutex_;
  std::set<std::string> stale_;  // under mutex_
  std::atomic<int> keep_{-1};    // items of each list; less than 0: all
};

TEST_F(OperatorWatchTest, StreamsCutAtRandomBytesLoseNoEdit) {
  constexpr int kEdits = 6;
  std::mutex mutex;
  Dice dice(20'261);
  std::atomic<int> cuts{0};
  const HealAtEnd heal(bed_->kube());
  bed_->kube().OnLine([&](const ProxiedCall&, const std::string& line) {
    const std::lock_guard lock(mutex);
    if (dice.Chance(60)) return StreamPiece{line};
    ++cuts;
    const auto at =
        static_cast<size_t>(dice.Below(static_cast<int>(line.size())));
    return StreamPiece{line.substr(0, at), dice.Chance(50)
                                               ? StreamPiece::Then::kEnd
                                               : StreamPiece::Then::kBreak};
  });
  for (int i = 0; i < kEdits; ++i) {
    Suspend(i % 2 == 0);
    ExpectSuspended(i % 2 == 0);
    if (HasFailure()) return;
  }
  EXPECT_GT(cuts, kEdits / 2);
}

TEST_F(OperatorWatchTest, DoubledAndSwappedEventsCauseNoFurtherWrite) {
  const auto edits = [this] {
    const int before = vault_writes_;
    for (int i = 0; i < 4; ++i) {
      Suspend(i % 2 == 0);
      ExpectSuspended(i % 2 == 0);
    }
    return vault_writes_ - before;
  };
  const int undisturbed = edits();
  EXPECT_GT(undisturbed, 0);
  std::mutex mutex;
  std::string last;
  const HealAtEnd heal(bed_->kube());
  // Each event twice, and the one before it once more behind it.
  bed_->kube().OnLine([&](const ProxiedCall& call, const std::string& line) {
    if (!call.Names("/grants")) return StreamPiece{line};
    const std::lock_guard lock(mutex);
    std::string bytes = line + line + last;
    last = line;
    return StreamPiece{std::move(bytes)};
  });
  EXPECT_LE(edits(), undisturbed);
  const json settled = bed_->Vault();
  const int writes = vault_writes_;
  bed_->kube().BreakAll();
  Suspend(true);
  ExpectSuspended(true);
  Suspend(false);
  ExpectSuspended(false);
  EXPECT_EQ(bed_->Vault(), settled);
  EXPECT_LE(vault_writes_ - writes, undisturbed / 2);
}

TEST_F(OperatorWatchTest, ADroppedDeletionIsFoundByTheNextList) {
  std::atomic<int> dropped{0};
  const HealAtEnd heal(bed_->kube());
  bed_->kube().OnLine([&](const ProxiedCall& call, const std::string& line) {
    if (!call.Names("/grants")) return StreamPiece{line};
    ++dropped;
    return StreamPiece{""};
  });
  ASSERT_TRUE(bed_->cluster().Delete("Grant", "sales", "nightly"));
  ASSERT_TRUE(ClusterBed::Await([&] { return dropped > 0; }));
  bed_->kube().OnLine(nullptr);
  ListAnew();
  EXPECT_TRUE(ClusterBed::Await([&] {
    return bed_->cluster().Get("Grant", "sales", "nightly").is_null();
  })) << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 403);
  EXPECT_EQ(bed_->cluster().Policy("sa.reports.nightly"), "");
  EXPECT_EQ(bed_->Metric(kHeld), 0);
}

TEST_F(OperatorWatchTest, AnErrorEventInTheStreamListsAnew) {
  std::atomic<int> errors{0};
  const HealAtEnd heal(bed_->kube());
  bed_->kube().OnLine([&](const ProxiedCall& call, const std::string& line) {
    if (!call.Names("/grants") || errors++ > 0) return StreamPiece{line};
    return StreamPiece{std::string(R"({"type":"ERROR","object":)") + kGone +
                       "}\n"};
  });
  Suspend(true);
  ExpectSuspended(true);
  EXPECT_GT(errors, 0);
  EXPECT_THAT(bed_->Log(), HasSubstr("listed anew"));
}

TEST_F(OperatorWatchTest, NewListsWithNothingNewWriteNothing) {
  const json before = bed_->Vault();
  const int writes = vault_writes_;
  const json grant = bed_->cluster().Get("Grant", "sales", "nightly");
  ListAnew();
  Suspend(true);  // seen by a watch that follows the list
  ExpectSuspended(true);
  Suspend(false);
  ExpectSuspended(false);
  EXPECT_EQ(bed_->Vault(), before);
  const int edits = vault_writes_ - writes;
  Suspend(true);
  ExpectSuspended(true);
  Suspend(false);
  ExpectSuspended(false);
  EXPECT_EQ(vault_writes_ - writes, 2 * edits);
  EXPECT_EQ(bed_->cluster().Get("Grant", "sales", "nightly")["metadata"]["uid"],
            grant["metadata"]["uid"]);
}

TEST_F(OperatorWatchTest, EmptyListsDeleteNothingAndPass) {
  MakeMany();
  const json before = bed_->Vault();
  keep_ = 0;
  ListAnew();
  EXPECT_TRUE(AwaitBrake(1)) << bed_->Log();
  EXPECT_EQ(Rights(bed_->Vault()), Rights(before));
  EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 200);
  keep_ = -1;
  ListAnew();
  EXPECT_TRUE(AwaitBrake(0)) << bed_->Log();
  EXPECT_TRUE(ClusterBed::Await([&] { return bed_->Vault() == before; }))
      << json::diff(before, bed_->Vault()).dump(1);
  EXPECT_THAT(bed_->Log(), Not(HasSubstr(R"("action":"delete")")));
}

TEST_F(OperatorWatchTest, ARestartIntoEmptyListsDeletesNothing) {
  MakeMany();
  const json before = bed_->Vault();
  EXPECT_EQ(bed_->StopOperator(), 0);
  keep_ = 0;
  MeddleWithLists();
  ASSERT_TRUE(bed_->StartOperator());
  EXPECT_TRUE(AwaitBrake(1)) << bed_->Log();
  EXPECT_EQ(Rights(bed_->Vault()), Rights(before));
  EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 200);
  keep_ = -1;
  ListAnew();
  EXPECT_TRUE(AwaitBrake(0)) << bed_->Log();
  EXPECT_TRUE(ClusterBed::Await([&] { return bed_->Vault() == before; }))
      << json::diff(before, bed_->Vault()).dump(1);
}

TEST_F(OperatorWatchTest, AShrunkenListHoldsTheBrakeAndTellsTheRest) {
  MakeMany();
  const json before = bed_->Vault();
  keep_ = 3;
  ListAnew();
  EXPECT_TRUE(AwaitBrake(1)) << bed_->Log();
  EXPECT_EQ(Rights(bed_->Vault()), Rights(before));
  EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 200);
  EXPECT_EQ(bed_->cluster().AwaitCondition("Connection", "sales", "warehouse",
                                           "Programmed", "False/MassDeletion"),
            "False/MassDeletion")
      << bed_->Log();
  keep_ = -1;
  ListAnew();
  EXPECT_TRUE(AwaitBrake(0)) << bed_->Log();
  EXPECT_EQ(bed_->cluster().AwaitCondition("Connection", "sales", "warehouse",
                                           "Ready", "True/Ready"),
            "True/Ready");
  EXPECT_TRUE(ClusterBed::Await([&] { return bed_->Vault() == before; }))
      << json::diff(before, bed_->Vault()).dump(1);
}

}  // namespace
}  // namespace claviger::testing
