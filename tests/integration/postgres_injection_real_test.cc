// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL injection with everything real: Vault, its database engine,
// PostgreSQL over TLS, the sidecar's program, and PostgreSQL's own clients,
// which are given a directory and no password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "integration/sidecar_bed.h"
#include "support/await.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "vault/sys.h"
#include "vault/wire.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "canary-4f1b-password";
constexpr const char* kSecond = "canary-9c2e-password";

struct Ran {
  int code = -1;
  std::string out;
  std::string errors;
};

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class PostgresInjectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    auto postgres = RealPostgres::Start();
    CLAVIGER_NEED_SERVER(postgres);
    postgres_ = *std::move(postgres);
    ASSERT_TRUE(
        postgres_->Query(std::string("CREATE ROLE app WITH LOGIN PASSWORD '") +
                         kCanary + "'; GRANT ALL ON SCHEMA public TO app;"));
  }

  void TearDown() override {
    if (sidecar_) sidecar_->Stop();
    // In no log, whatever was tried.
    const std::string logged = Slurp(Log()) + Slurp(Log() + ".out");
    EXPECT_THAT(logged, Not(HasSubstr("canary-")));
  }

  model::Connection Warehouse(const model::VaultRef& ref) {
    AConnection connection("sales/warehouse");
    connection.OnProvider("postgresql", "password").WithDefault(ref);
    model::Connection made = connection;
    made.endpoint = {};
    made.endpoint.host = postgres_->host();
    made.endpoint.port = postgres_->port();
    made.endpoint.database = "postgres";
    made.endpoint.tls.ca_bundle = Slurp(postgres_->ca_path());
    made.endpoint.parameters["channel_binding"] = "require";
    return made;
  }

  void Share(const model::VaultRef& ref = Kv2("secret", "sales/warehouse")) {
    model::Objects objects;
    objects.connections = {Warehouse(ref)};
    objects.grants = {AGrant("sales/n", "warehouse")
                          .Allowing({model::Privilege::kUse})
                          .To(Account("reports/nightly"))};
    objects.service_accounts = {{"reports", "nightly"}};
    bed_->Reconcile(std::move(objects));
  }

  void TakeAway() {
    model::Objects none;
    none.service_accounts = {{"reports", "nightly"}};
    bed_->Reconcile(std::move(none));
  }

  void PutPassword(const std::string& password) {
    bed_->PutSecret("sales/warehouse",
                    json{{"username", "app"}, {"password", password}}.dump());
  }

  std::string Log() const { return bed_->Folder() + "/sidecar.log"; }
  std::string Directory() const {
    return bed_->Folder() + "/c/sales.warehouse";
  }

  void StartSidecar() {
    const std::string path = bed_->WriteConfig({"reports", "nightly"});
    json config = json::parse(Slurp(path));
    config["proxy"] = {{"listen", {"sales/warehouse=postgres:0"}},
                       {"directory", bed_->Folder() + "/c"},
                       {"allowAddresses", {"127.0.0.1"}}};
    config["tcp"]["secretFile"] = bed_->Folder() + "/secret";
    config["intervals"]["revocationGraceSeconds"] = 2;
    ASSERT_TRUE(WriteFileAtomically(path, config.dump(), 0600));
    ProcessOptions options;
    options.argv = {CLAVIGER_SIDECAR_BINARY, "--config", path};
    options.stderr_path = Log();
    options.stdout_path = Log() + ".out";
    auto started = Process::Start(options);
    ASSERT_TRUE(started) << started.error().message;
    sidecar_.emplace(*std::move(started));
    ASSERT_TRUE(sidecar_->WaitForLine("serving", seconds(20)));
    ASSERT_TRUE(Await([&] { return Psql("SELECT 1").code == 0; }, seconds(20)));
  }

  ProcessOptions Client(std::vector<std::string> argv) {
    ProcessOptions options;
    options.argv = std::move(argv);
    options.environment = {"PGHOST=" + Directory(), "PGPORT=5432",
                           "PGCONNECT_TIMEOUT=20"};
    const std::string base =
        bed_->Folder() + "/client" + std::to_string(++clients_);
    options.stdout_path = base + ".out";
    options.stderr_path = base + ".err";
    return options;
  }

  Ran Run(const ProcessOptions& options) {
    auto process = Process::Start(options);
    EXPECT_TRUE(process) << process.error().message;
    if (!process) return {};
    return End(*process, options);
  }

  Ran End(Process& process, const ProcessOptions& options) {
    Ran ran;
    ran.code = process.WaitForExit(seconds(60)).value_or(-1);
    ran.out = Slurp(options.stdout_path);
    ran.errors = Slurp(options.stderr_path);
    EXPECT_THAT(ran.out + ran.errors, Not(HasSubstr("canary-")));
    return ran;
  }

  static std::vector<std::string> PsqlArguments(const std::string& sql) {
    return {"psql", "--no-psqlrc", "--no-align",           "--tuples-only",
            "-c",   sql,           "--set=ON_ERROR_STOP=1"};
  }
  Ran Psql(const std::string& sql) { return Run(Client(PsqlArguments(sql))); }

  std::unique_ptr<SidecarBed> bed_;
  std::unique_ptr<RealPostgres> postgres_;
  std::optional<Process> sidecar_;
  int clients_ = 0;
};

TEST_F(PostgresInjectionTest, PsqlNeedsNoPasswordAndIsSeenAsTheWorkload) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  const Ran ran = Psql(
      "SELECT a.usename, a.datname, a.application_name, s.ssl, s.version "
      "FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) "
      "WHERE pid = pg_backend_pid()");
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.out, "app|postgres|reports/nightly psql|t|TLSv1.3\n");
  // A query of its own error, and the session goes on.
  const Ran wrong = Psql("SELECT no_such_column");
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.errors, HasSubstr("no_such_column"));
  const std::string lines = Slurp(Log() + ".out");
  EXPECT_THAT(lines, HasSubstr("\"session\""));
  EXPECT_THAT(lines, HasSubstr("sales/warehouse"));
}

TEST_F(PostgresInjectionTest, CarriesWhatPostgresOwnClientsDo) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  EXPECT_EQ(Run(Client({"pgbench", "-i", "-s", "1", "-q"})).code, 0);
  for (const char* mode : {"simple", "extended", "prepared"}) {
    const Ran ran = Run(Client(
        {"pgbench", "-n", "-c", "8", "-j", "2", "-t", "100", "-M", mode}));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    EXPECT_THAT(ran.out, HasSubstr("processed: 800/800"));
  }
  // A connection for each transaction.
  EXPECT_EQ(
      Run(Client({"pgbench", "-n", "-S", "-C", "-c", "4", "-t", "25"})).code,
      0);
  const Ran copied = Psql(
      "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO "
      "STDOUT");
  EXPECT_EQ(copied.out.size(), 20'000U * 1'001U);
  EXPECT_EQ(Run(Client({"pg_dump", "--schema-only"})).code, 0);
}

TEST_F(PostgresInjectionTest, CancelsTheRightQuery) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  const ProcessOptions options = Client(PsqlArguments("SELECT pg_sleep(60)"));
  auto psql = Process::Start(options);
  ASSERT_TRUE(psql);
  const auto sleeping = [&] {
    return postgres_->Query(
               "SELECT count(*) FROM pg_stat_activity "
               "WHERE query LIKE 'SELECT pg_sleep%';") == "1\n";
  };
  ASSERT_TRUE(Await(sleeping, seconds(10)));
  psql->Signal(SIGINT);
  const Ran ran = End(*psql, options);
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.errors, HasSubstr("canceling statement due to user request"));
}

TEST_F(PostgresInjectionTest, ANewPasswordIsFetchedWhenTheOldOneIsRefused) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  // Vault first, as a rotation does; the sidecar has the old one still.
  PutPassword(kSecond);
  ASSERT_TRUE(postgres_->Query(std::string("ALTER ROLE app PASSWORD '") +
                               kSecond + "';"));
  const Ran ran = Psql("SELECT 42");
  EXPECT_EQ(ran.code, 0) << ran.errors;
  EXPECT_EQ(ran.out, "42\n");
}

TEST_F(PostgresInjectionTest, AWrongPasswordIsAClearErrorWithoutIt) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  ASSERT_TRUE(postgres_->Query("ALTER ROLE app PASSWORD 'something-else';"));
  const Ran ran = Psql("SELECT 1");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse: CredentialRefused"));
}

TEST_F(PostgresInjectionTest, ALostGrantEndsSessionsAndRefusesNewOnes) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  const ProcessOptions options = Client(PsqlArguments("SELECT pg_sleep(60)"));
  auto psql = Process::Start(options);
  ASSERT_TRUE(psql);
  const auto sessions = [&] {
    return postgres_
        ->Query(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "
            "query LIKE '%pg_sleep%';")
        .value_or("");
  };
  ASSERT_TRUE(Await([&] { return sessions() == "1\n"; }, seconds(10)));
  TakeAway();
  const Ran ran = End(*psql, options);
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse"));
  const Ran refused = Psql("SELECT 1");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("sales/warehouse"));
}

TEST_F(PostgresInjectionTest, LoopbackAsksForThePodsSecret) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  // host:port:*:*:secret
  const std::string line = Slurp(Directory() + "/pgpass");
  const size_t port_at = line.find(':') + 1;
  const std::string port =
      line.substr(port_at, line.find(':', port_at) - port_at);
  const std::string secret = Slurp(bed_->Folder() + "/secret");
  EXPECT_THAT(line, HasSubstr(":*:*:" + secret));
  for (const bool right : {true, false}) {
    ProcessOptions options = Client(PsqlArguments("SELECT 7"));
    options.environment = {"PGHOST=127.0.0.1", "PGPORT=" + port,
                           "PGSSLMODE=prefer", "PGUSER=whoever",
                           "PGPASSWORD=" + (right ? secret : "guess")};
    const Ran ran = Run(options);
    EXPECT_EQ(ran.code == 0, right) << ran.errors;
    EXPECT_EQ(ran.out, right ? "7\n" : "");
  }
}

TEST_F(PostgresInjectionTest, FollowsTheUsersThatTheDatabaseEngineMakes) {
  const auto write = [&](const std::string& path, const json& body) {
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = path;
    call.body = body.dump();
    call.token = &bed_->root();
    const Status done = vault::DoOnly(bed_->api(), call);
    ASSERT_TRUE(done) << done.error().message;
  };
  ASSERT_TRUE(vault::EnableMount(bed_->api(), bed_->root(), "database",
                                 {"database", {}}));
  write("database/config/pg",
        {{"plugin_name", "postgresql-database-plugin"},
         {"connection_url",
          "postgresql://{{username}}:{{password}}@" + postgres_->host() + ":" +
              std::to_string(postgres_->port()) + "/postgres?sslmode=require"},
         {"username", postgres_->user()},
         {"password", postgres_->password()},
         {"allowed_roles", "*"}});
  write("database/roles/sales.ro",
        {{"db_name", "pg"},
         {"default_ttl", 6},
         {"max_ttl", 6},
         {"creation_statements",
          {"CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' "
           "VALID UNTIL '{{expiration}}';"}}});
  Share(DatabaseRole("database", "sales.ro"));
  StartSidecar();
  const auto user = [&] { return Psql("SELECT current_user").out; };
  const std::string first = user();
  EXPECT_THAT(first, HasSubstr("v-"));
  EXPECT_TRUE(Await(
      [&] {
        const std::string now = user();
        EXPECT_NE(now, "");
        return now != first;
      },
      seconds(20), milliseconds(200)));
}

TEST_F(PostgresInjectionTest, TellsThatTheServerIsDown) {
  PutPassword(kCanary);
  Share();
  StartSidecar();
  postgres_->process().Stop();
  const Ran ran = Psql("SELECT 1");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse: UpstreamUnavailable"));
}

}  // namespace
}  // namespace claviger::testing
