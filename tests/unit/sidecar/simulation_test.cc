// SPDX-License-Identifier: Apache-2.0
//
// A sidecar for hours of played time, with access that comes and goes and a
// Vault that fails in every way it can: nobody is ever served without a Grant,
// from another slot, or past the end, and in the end all is as it should be.
#include <gtest/gtest.h>

#include <set>

#include "support/dice.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kSeeds = 2'000;
constexpr int kSteps = 40;
// Longer than a bindings check and the longest pause after a failure.
constexpr seconds kCalm{75};

/// A slot that somebody may hold: the Grant of this name gives it.
struct Source {
  std::string grant;
  std::string connection;
  model::VaultRef ref;
  std::string slot;
  std::string leased;  // the path of its leases; empty: no lease
};

model::VaultRef StaticRole() {
  model::VaultRef ref = DatabaseRole("database", "app");
  ref.engine = model::Engine::kDatabaseStatic;
  return ref;
}

// The first two of sim/both are in the order in which they are preferred.
const std::vector<Source>& Sources() {
  static const std::vector<Source> kSources = {
      {"kv", "sim/kv", Kv2("secret", "sim/kv"), "grant/kv", ""},
      {"db", "sim/db", DatabaseRole("database", "db"), "grant/db",
       "database/creds/db"},
      {"app", "sim/app", StaticRole(), "grant/app", ""},
      {"first", "sim/both", Kv2("secret", "sim/first"), "grant/first", ""},
      {"second", "sim/both", DatabaseRole("database", "second"), "grant/second",
       "database/creds/second"},
  };
  return kSources;
}

/// The names of the Grants that there are.
using Granted = std::set<std::string>;

/// Whom a call for this connection is to be answered from; null: nobody.
const Source* Chosen(const Granted& granted, const std::string& connection) {
  for (const Source& source : Sources()) {
    if (source.connection == connection && granted.contains(source.grant)) {
      return &source;
    }
  }
  return nullptr;
}

model::Objects ObjectsFor(const Granted& granted) {
  model::Objects objects;
  for (const char* name : {"sim/kv", "sim/db", "sim/app", "sim/both"}) {
    objects.connections.push_back(AConnection(name)
                                      .WithMode(model::CredentialMode::kLayered)
                                      .WithPersonal(false)
                                      .Disclosable());
  }
  int priority = 100;
  for (const Source& source : Sources()) {
    --priority;
    if (!granted.contains(source.grant)) continue;
    objects.grants.push_back(
        AGrant("sim/" + source.grant, source.connection.substr(4))
            .To(Account("reports/nightly"))
            .Allowing({Privilege::kUse})
            .WithCredential(source.ref, priority));
  }
  return objects;
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : dice_(seed) {
    h_.random.Use(Units());
    h_.vault.PutSecret("secret/sim/kv", Secret("kv"));
    h_.vault.PutSecret("secret/sim/first", Secret("first"));
    const seconds ttl(dice_.Chance(50) ? dice_.Between(20, 200)
                                       : dice_.Between(600, 3'600));
    const DynamicRole role{ttl, ttl * dice_.Between(1, 3), dice_.Chance(80)};
    leases().AddDynamic("database/creds/db", role);
    leases().AddDynamic("database/creds/second", role);
    leases().AddStatic("database/static-creds/app",
                       seconds(dice_.Between(30, 600)));
    const seconds login(dice_.Chance(50) ? dice_.Between(60, 600)
                                         : dice_.Between(1'800, 7'200));
    h_.vault.SetLease(login);
    longest_ = std::max(login, role.max_ttl);
    Grant();
    h_.Begin();
  }

  void Run() {
    for (int i = 0; i < kSteps && !::testing::Test::HasFatalFailure(); ++i) {
      Step();
      AskForAny();
    }
    Heal();
    Pass(minutes(3), seconds(10));
    for (const Source& source : Sources()) Converged(source.connection);
    NoLeaseIsLeft();
  }

 private:
  PlayedLeases& leases() { return h_.vault.leases(); }

  static std::string Secret(const std::string& name) {
    return R"({"username":")" + name + R"(","password":"pw"})";
  }

  std::vector<double> Units() {
    std::vector<double> units;
    for (int i = 0; i < 500; ++i) units.push_back(dice_.Below(1'000) / 1'000.0);
    return units;
  }

  void Grant() {
    granted_.clear();
    for (const Source& source : Sources()) {
      if (dice_.Chance(60)) granted_.insert(source.grant);
    }
    h_.Publish(ObjectsFor(granted_));
    believable_.push_back(granted_);
    calm_ = seconds(0);
  }

  void Step() {
    switch (dice_.Below(12)) {
      case 0:
      case 1:
        return Grant();
      case 2:
      case 3:
        return Break();
      case 4:
        return Heal();
      case 5:
        return BreakOnePath();
      case 6:
        return LoseSomething();
      case 7:
        h_.vault.PutSecret("secret/sim/kv", Secret("kv"));
        return;
      default:
        return Pass(seconds(dice_.Between(1, 120)),
                    milliseconds(dice_.Pick(
                        std::vector<int>{2'000, 7'000, 30'000, 200'000})));
    }
  }

  void Break() {
    static const std::vector<ErrorCode> kWays = {
        ErrorCode::kUnavailable,      ErrorCode::kSealed,
        ErrorCode::kDeadlineExceeded, ErrorCode::kRateLimited,
        ErrorCode::kMalformed,        ErrorCode::kPermissionDenied,
        ErrorCode::kInternal,         ErrorCode::kNotFound};
    h_.vault.FailWith(dice_.Pick(kWays));
    broken_ = true;
  }

  void BreakOnePath() {
    static const std::vector<std::string> kPaths = {
        "secret/data/sim/kv", "database/creds/db", "sys/leases/renew",
        "sys/leases/revoke", "database/creds/second"};
    h_.vault.FailPath(dice_.Pick(kPaths), dice_.Chance(50)
                                              ? ErrorCode::kUnavailable
                                              : ErrorCode::kPermissionDenied);
  }

  void Heal() {
    h_.vault.FailWith(std::nullopt);
    for (const char* path :
         {"secret/data/sim/kv", "database/creds/db", "sys/leases/renew",
          "sys/leases/revoke", "database/creds/second"}) {
      h_.vault.FailPath(path, std::nullopt);
    }
    broken_ = false;
    calm_ = seconds(0);
  }

  // What only Vault knows: nobody can tell before it is asked.
  void LoseSomething() {
    dice_.Chance(50) ? h_.vault.RevokeAllTokens() : leases().Forget();
    forgotten_ = leases().made();
  }

  void Pass(milliseconds time, milliseconds step) {
    for (milliseconds passed(0); passed < time; passed += step) {
      h_.Advance(step);
      if (!broken_) calm_ += step;
      // After a jump, what is due is done once and not over and over.
      if (calm_ >= kCalm + step) believable_ = {granted_};
    }
  }

  void AskForAny() {
    const Source& source = dice_.Pick(Sources());
    if (dice_.Chance(10)) {
      h_.Post("/v1/connections/" + source.connection + "/report-failed");
    }
    const auto answer = h_.Credential(source.connection);
    ASSERT_TRUE(answer->answered());
    if (answer->status() == 200) Judge(source.connection, answer->Json());
  }

  void Judge(const std::string& connection, const nlohmann::json& answer) {
    const std::string slot = answer["slot"];
    const Source* from = nullptr;
    for (const Granted& granted : believable_) {
      const Source* chosen = Chosen(granted, connection);
      if (chosen != nullptr && chosen->slot == slot) from = chosen;
    }
    ASSERT_NE(from, nullptr) << "served without a Grant: " << answer.dump();
    const std::string user = answer["data"]["username"];
    if (from->leased.empty()) {
      EXPECT_EQ(user, from->grant) << "another slot's credential";
      return;
    }
    const auto ends = ParseRfc3339(answer["expiresAt"].get<std::string>());
    ASSERT_TRUE(ends);
    EXPECT_GT(*ends, h_.clock.Now()) << "served past its end";
    if (std::stoi(user.substr(5)) <= forgotten_) return;
    EXPECT_EQ(leases().PathOf(user), from->leased) << user << " does not work";
  }

  void Converged(const std::string& connection) {
    const Source* chosen = Chosen(granted_, connection);
    const auto answer = h_.Credential(connection);
    if (chosen == nullptr) {
      EXPECT_EQ(answer->Json()["reason"], "NotVisible") << answer->body();
      return;
    }
    ASSERT_EQ(answer->status(), 200) << connection << ": " << answer->body();
    EXPECT_EQ(answer->Json()["slot"], chosen->slot);
    EXPECT_EQ(answer->Json()["stale"], false);
    Judge(connection, answer->Json());
  }

  // While a lease that nobody knows would live on by itself.
  void NoLeaseIsLeft() {
    for (const Source& source : Sources()) {
      if (source.leased.empty()) continue;
      // The one in use, and the one before it.
      EXPECT_LE(leases().LiveOf(source.leased),
                granted_.contains(source.grant) ? 2U : 0U)
          << source.leased;
    }
    Pass(longest_ + seconds(30), std::max(seconds(20), longest_ / 20));
    // A login that Vault denied all to is not renewed, and has ended too.
    EXPECT_EQ(h_.vault.live_tokens(), 1U);
  }

  Dice dice_;
  Harness h_;
  Granted granted_;
  /// What the sidecar may take for true: all that was since it last could ask.
  std::vector<Granted> believable_;
  milliseconds calm_{0};
  bool broken_ = false;
  int forgotten_ = 0;
  seconds longest_{0};
};

TEST(SimulationTest, AccessIsRightWhateverHappensToVault) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).Run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace claviger::testing
