// SPDX-License-Identifier: Apache-2.0
//
// Client libraries that others wrote do the same things at PostgreSQL itself,
// by the sidecar's socket and by its port, and print what came of it: the lines
// have to be the same. What each does: postgres_clients/README.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/postgres_bed.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPython = "/usr/bin/python3";  // Debian's packages
constexpr const char* kDriver = "/usr/share/java/postgresql.jar";

std::string Source(const char* name) {
  return std::string(CLAVIGER_CLIENTS "/") + name;
}

class PostgresClientsTest : public PostgresBed {
 protected:
  void SetUp() override {
    PostgresBed::SetUp();
    if (!bed_ || !postgres_) return;
    ASSERT_TRUE(postgres_->Query("GRANT TEMP ON DATABASE postgres TO app;"));
    PutPassword();
    Share();
    StartSidecar();
  }

  std::string Printed(const std::vector<std::string>& argv,
                      std::vector<std::string> environment) {
    const Ran ran = Run(Client(argv, std::move(environment)));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return ran.out;
  }

  // What it prints, which is the same by all ways.
  std::string Compare(const std::vector<std::string>& argv, bool by_socket) {
    std::string direct = Printed(argv, Directly());
    if (by_socket) {
      EXPECT_EQ(Printed(argv, BySocket()), direct);
    }
    EXPECT_EQ(Printed(argv, ByPort()), direct);
    return direct;
  }

  bool Has(const std::vector<std::string>& argv) {
    auto process = Process::Start(Client(argv));
    return process && process->WaitForExit(std::chrono::seconds(60)) == 0;
  }
};

TEST_F(PostgresClientsTest, PsycopgSeesNoDifference) {
  if (!Has({kPython, "-c", "import psycopg"}) && !RealServersRequired()) {
    GTEST_SKIP() << "not available: Debian's python3-psycopg";
  }
  const std::string said =
      Compare({kPython, Source("psycopg_client.py")}, true);
  EXPECT_THAT(said, HasSubstr("cancel 57014\ngoes on 1\n"));
}

TEST_F(PostgresClientsTest, Psycopg2AndSqlAlchemySeeNoDifference) {
  if (!Has({kPython, "-c", "import psycopg2, sqlalchemy"}) &&
      !RealServersRequired()) {
    GTEST_SKIP() << "not available: python3-psycopg2, python3-sqlalchemy";
  }
  const std::string said =
      Compare({kPython, Source("psycopg2_client.py")}, true);
  EXPECT_THAT(said, HasSubstr("cancel 57014\nsqlalchemy 499500\n"));
}

TEST_F(PostgresClientsTest, PgxSeesNoDifference) {
  const auto program = FindProgram(CachedServer("pgclient"));
  if (!program && !RealServersRequired()) {
    GTEST_SKIP() << "not available: tests/servers/build.sh builds it";
  }
  ASSERT_TRUE(program);
  EXPECT_THAT(Compare({*program}, true),
              HasSubstr("cancel 57014\ngoes on 1\n"));
}

// It has no Unix sockets of its own.
TEST_F(PostgresClientsTest, JdbcSeesNoDifference) {
  if ((!FindProgram("java") || !FindProgram(kDriver)) &&
      !RealServersRequired() && Slurp(kDriver).empty()) {
    GTEST_SKIP() << "not available: default-jdk-headless and "
                    "libpostgresql-jdbc-java";
  }
  const std::string said =
      Compare({"java", "-cp", kDriver, Source("JdbcClient.java")}, false);
  EXPECT_THAT(said, HasSubstr("cancel 57014\ngoes on 1\n"));
}

}  // namespace
}  // namespace claviger::testing
