// SPDX-License-Identifier: Apache-2.0
//
// The life of real database users: Vault's database engine, PostgreSQL, the
// sidecar's process, and a client like a pod's, which asks the sidecar before
// each connection it opens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "integration/sidecar_bed.h"
#include "support/await.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "vault/sys.h"
#include "vault/wire.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kCredential =
    "/v1/connections/sales/warehouse/credential";
constexpr const char* kRoleLeases = "sys/leases/lookup/database/creds/sales.ro";
// Replaced at five to eight seconds.
constexpr int kTtlSeconds = 10;
constexpr size_t kRotations = 10;

class LeasesRealTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    auto postgres = RealPostgres::Start();
    CLAVIGER_NEED_SERVER(postgres);
    postgres_ = *std::move(postgres);
    ASSERT_TRUE(postgres_->Query("CREATE TABLE facts AS SELECT 42 AS answer;"));
    ConfigureEngine();
  }

  void Write(const std::string& path, const json& body) {
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = path;
    call.body = body.dump();
    call.token = &bed_->root();
    const Status done = vault::DoOnly(bed_->api(), call);
    ASSERT_TRUE(done) << done.error().message;
  }

  void ConfigureEngine() {
    ASSERT_TRUE(vault::EnableMount(bed_->api(), bed_->root(), "database",
                                   {"database", {}}));
    Write(
        "database/config/pg",
        {{"plugin_name", "postgresql-database-plugin"},
         {"connection_url",
          "postgresql://{{username}}:{{password}}@" + postgres_->host() + ":" +
              std::to_string(postgres_->port()) + "/postgres?sslmode=require"},
         {"username", postgres_->user()},
         {"password", postgres_->password()},
         {"allowed_roles", "*"}});
    Write("database/roles/sales.ro",
          {{"db_name", "pg"},
           {"default_ttl", kTtlSeconds},
           {"max_ttl", kTtlSeconds},
           {"creation_statements",
            {"CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' "
             "VALID UNTIL '{{expiration}}';"
             "GRANT SELECT ON facts TO \"{{name}}\";"}}});
  }

  // One account whose password Vault changes every five seconds.
  void ConfigureStaticRole() {
    ASSERT_TRUE(
        postgres_->Query("CREATE ROLE app WITH LOGIN PASSWORD 'before';"
                         "GRANT SELECT ON facts TO app;"));
    Write("database/static-roles/sales.app",
          {{"db_name", "pg"}, {"username", "app"}, {"rotation_period", 5}});
  }

  void Share(const model::VaultRef& ref = DatabaseRole("database",
                                                       "sales.ro")) {
    AConnection connection("sales/warehouse");
    connection.Disclosable().WithDefault(ref);
    model::Objects objects;
    objects.connections = {connection};
    objects.grants = {AGrant("sales/n", "warehouse")
                          .Allowing({model::Privilege::kUse})
                          .To(Account("reports/nightly"))};
    objects.service_accounts = {{"reports", "nightly"}};
    bed_->Reconcile(std::move(objects));
  }

  Result<Process> StartSidecar() {
    ProcessOptions options;
    options.argv = {CLAVIGER_SIDECAR_BINARY, "--config",
                    bed_->WriteConfig({"reports", "nightly"})};
    options.stderr_path = bed_->Folder() + "/stderr";
    return Process::Start(options);
  }

  // One round of the pod's client: ask, connect, query.
  json Round() {
    const SocketAnswer answer = SidecarBed::Get(socket(), kCredential);
    if (answer.status != 200) {
      ++failed_;
      ADD_FAILURE() << "no credential: " << answer.body;
      return json::object();
    }
    const json body = json::parse(answer.body);
    const auto rows =
        postgres_->QueryAs(body["data"]["username"], body["data"]["password"],
                           "SELECT answer FROM facts;");
    ++rounds_;
    if (!rows || *rows != "42\n") {
      ++failed_;
      ADD_FAILURE() << "query failed: "
                    << (rows ? *rows : rows.error().message);
    }
    return body;
  }

  size_t Leases() {
    const auto leases = vault::DoList(bed_->api(), bed_->root(), kRoleLeases);
    EXPECT_TRUE(leases) << leases.error().message;
    return leases ? leases->size() : 0;
  }

  // Vault goes down for as long as the sidecar needs to notice, and comes up.
  void Restart() {
    ASSERT_TRUE(bed_->Seal(true));
    bool stale = false;
    while (!stale && failed_ == 0) stale = Round().value("stale", false);
    ASSERT_TRUE(bed_->Seal(false));
  }

  std::string socket() const { return bed_->Folder() + "/nightly.sock"; }

  std::unique_ptr<SidecarBed> bed_;
  std::unique_ptr<RealPostgres> postgres_;
  int rounds_ = 0;
  int failed_ = 0;
};

TEST_F(LeasesRealTest, NoQueryFailsThroughRotationsAndRestartsOfVault) {
  Share();
  auto process = StartSidecar();
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(process->WaitForLine("serving", seconds(20)));
  EXPECT_EQ(SidecarBed::GetUntil(
                socket(), kCredential,
                [](const SocketAnswer& answer) { return answer.status == 200; })
                .status,
            200);
  std::set<std::string> users;
  size_t restarts = 0;
  while (users.size() <= kRotations && failed_ == 0) {
    const json body = Round();
    if (failed_ > 0) break;
    const bool rotated = users.insert(body["data"]["username"]).second;
    // In use, and the one before it; a moment more while that one is ended.
    if (rotated) {
      EXPECT_TRUE(Await([&] { return Leases() <= 2; }, seconds(2)));
    }
    if (rotated && (users.size() == 4 || users.size() == 7)) {
      ++restarts;
      Restart();
    }
  }
  EXPECT_EQ(failed_, 0);
  EXPECT_EQ(restarts, 2U);
  RecordProperty("queries", rounds_);

  EXPECT_GE(Leases(), 1U);
  process->Signal(SIGTERM);
  EXPECT_EQ(process->WaitForExit(seconds(20)), 0);
  EXPECT_TRUE(Await([&] { return Leases() == 0; }, seconds(10)));
  const auto left = postgres_->Query(
      "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%';");
  ASSERT_TRUE(left) << left.error().message;
  EXPECT_EQ(*left, "0\n");
}

TEST_F(LeasesRealTest, AReportedUserIsReplacedAndGone) {
  Share();
  const std::string socket = bed_->Run({"reports", "nightly"});
  const auto user = [&] {
    return json::parse(SidecarBed::GetUntil(socket, kCredential,
                                            [](const SocketAnswer& answer) {
                                              return answer.status == 200;
                                            })
                           .body)["data"]["username"]
        .get<std::string>();
  };
  const std::string before = user();
  const SocketAnswer report =
      AskUnix(socket, "POST", "/v1/connections/sales/warehouse/report-failed");
  EXPECT_THAT(report.body, HasSubstr("\"Rotated\""));
  EXPECT_NE(user(), before);
  EXPECT_TRUE(Await(
      [&] {
        const auto rows = postgres_->Query(
            "SELECT count(*) FROM pg_roles WHERE rolname = '" + before + "';");
        return rows && *rows == "0\n";
      },
      seconds(10)));
}

// There is no overlap with a static role: a password that was handed out just
// before Vault changed it is refused. A report brings the next one at once; so
// does a second, where reports come too fast.
TEST_F(LeasesRealTest, AStaticRoleIsFollowedThroughItsRotations) {
  ConfigureStaticRole();
  model::VaultRef ref = DatabaseRole("database", "sales.app");
  ref.engine = model::Engine::kDatabaseStatic;
  Share(ref);
  const std::string socket = bed_->Run({"reports", "nightly"});
  std::set<std::string> passwords;
  int reports = 0;
  const auto query = [&] {
    const SocketAnswer answer = SidecarBed::GetUntil(
        socket, kCredential,
        [](const SocketAnswer& seen) { return seen.status == 200; });
    const json body = json::parse(answer.body);
    const auto rows =
        postgres_->QueryAs(body["data"]["username"], body["data"]["password"],
                           "SELECT answer FROM facts;");
    passwords.insert(body["data"]["password"].get<std::string>());
    EXPECT_TRUE(body["expiresAt"].is_string());
    return rows && *rows == "42\n";
  };
  while (passwords.size() < 4 && !HasFailure()) {
    if (query()) continue;
    ++reports;
    AskUnix(socket, "POST", "/v1/connections/sales/warehouse/report-failed");
    EXPECT_TRUE(Await(query, seconds(3)));
  }
  // At most the one password of each rotation.
  EXPECT_LE(reports, 3);
}

TEST_F(LeasesRealTest, ALostGrantEndsTheUserInTheDatabase) {
  Share();
  const std::string socket = bed_->Run({"reports", "nightly"});
  EXPECT_EQ(SidecarBed::GetUntil(
                socket, kCredential,
                [](const SocketAnswer& answer) { return answer.status == 200; })
                .status,
            200);
  EXPECT_EQ(Leases(), 1U);
  model::Objects none;
  none.service_accounts = {{"reports", "nightly"}};
  bed_->Reconcile(std::move(none));
  EXPECT_TRUE(Await([&] { return Leases() == 0; }, seconds(4)));
}

}  // namespace
}  // namespace claviger::testing
