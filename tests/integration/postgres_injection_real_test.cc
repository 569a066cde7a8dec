// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL injection by PostgreSQL's own clients, which are given a directory
// and no password: see postgres_bed.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "integration/postgres_bed.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kSecond = "canary-9c2e-password";

class PostgresInjectionTest : public PostgresBed {};

TEST_F(PostgresInjectionTest, PsqlNeedsNoPasswordAndIsSeenAsTheWorkload) {
  PutPassword();
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
  PutPassword();
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
  PutPassword();
  Share();
  StartSidecar();
  const ProcessOptions options = Client(PsqlArguments("SELECT pg_sleep(60)"));
  auto psql = Process::Start(options);
  ASSERT_TRUE(psql);
  ASSERT_TRUE(
      Await([&] { return CountOf("SELECT pg_sleep%") == "1\n"; }, seconds(10)));
  psql->Signal(SIGINT);
  const Ran ran = End(*psql, options);
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.errors, HasSubstr("canceling statement due to user request"));
}

TEST_F(PostgresInjectionTest, ANewPasswordIsFetchedWhenTheOldOneIsRefused) {
  PutPassword();
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
  PutPassword();
  Share();
  StartSidecar();
  ASSERT_TRUE(postgres_->Query("ALTER ROLE app PASSWORD 'something-else';"));
  const Ran ran = Psql("SELECT 1");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse: CredentialRefused"));
}

TEST_F(PostgresInjectionTest, ALostGrantEndsSessionsAndRefusesNewOnes) {
  PutPassword();
  Share();
  StartSidecar();
  const ProcessOptions options = Client(PsqlArguments("SELECT pg_sleep(60)"));
  auto psql = Process::Start(options);
  ASSERT_TRUE(psql);
  ASSERT_TRUE(
      Await([&] { return CountOf("SELECT pg_sleep%") == "1\n"; }, seconds(10)));
  TakeAway();
  const Ran ran = End(*psql, options);
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse"));
  const Ran refused = Psql("SELECT 1");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("sales/warehouse"));
}

TEST_F(PostgresInjectionTest, LoopbackAsksForThePodsSecret) {
  PutPassword();
  Share();
  StartSidecar();
  const std::string line = Slurp(Directory() + "/pgpass");
  const std::string port = Port();
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
  ConfigureEngine(6);
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
  PutPassword();
  Share();
  StartSidecar();
  postgres_->process().Stop();
  const Ran ran = Psql("SELECT 1");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.errors, HasSubstr("sales/warehouse: UpstreamUnavailable"));
}

}  // namespace
}  // namespace claviger::testing
