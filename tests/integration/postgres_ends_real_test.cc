// SPDX-License-Identifier: Apache-2.0
//
// How sessions end when something else does: the server, a lease, the sidecar;
// and which server will do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "integration/postgres_bed.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class PostgresEndsTest : public PostgresBed {
 protected:
  struct Running {
    ProcessOptions options;
    Process process;
  };

  // A session, with SQLSTATEs in what it prints, that runs the last statement.
  Running Begin(const std::vector<std::string>& statements) {
    ProcessOptions options =
        Client({"psql", "--no-psqlrc", "--no-align", "--tuples-only",
                "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"});
    for (const std::string& statement : statements) {
      options.argv.insert(options.argv.end(), {"-c", statement});
    }
    auto process = Process::Start(options);
    EXPECT_TRUE(process) << process.error().message;
    return {options, *std::move(process)};
  }

  void AwaitSleeping(int count) {
    EXPECT_TRUE(Await(
        [&] {
          return CountOf("SELECT pg_sleep%") == std::to_string(count) + "\n";
        },
        seconds(20)));
  }
};

TEST_F(PostgresEndsTest, AServerThatRestartsIsFoundAgain) {
  PutPassword();
  Share();
  StartSidecar();
  Running session = Begin({"BEGIN", "SELECT pg_sleep(60)"});
  AwaitSleeping(1);
  ASSERT_TRUE(postgres_->Shutdown());
  const Ran ended = End(session.process, session.options);
  EXPECT_THAT(ended.errors, HasSubstr("57P01"));
  EXPECT_THAT(Psql("SELECT 1").errors, HasSubstr("UpstreamUnavailable"));
  ASSERT_TRUE(postgres_->StartAgain());
  const Ran again = Psql("SELECT 2");
  EXPECT_EQ(again.out, "2\n") << again.errors;
}

TEST_F(PostgresEndsTest, ALeaseThatEndsInATransactionIsAnErrorToTryAgain) {
  ConfigureEngine(8, {"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                      "WHERE usename = '{{name}}';",
                      "DROP ROLE IF EXISTS \"{{name}}\";"});
  Share(DatabaseRole("database", "sales.ro"));
  StartSidecar();
  Running session = Begin({"BEGIN", "SELECT pg_sleep(60)"});
  const Ran ended = End(session.process, session.options);
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.errors, HasSubstr("57P01"));
  const Ran again = Psql("SELECT current_user");
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_THAT(again.out, HasSubstr("v-"));
}

TEST_F(PostgresEndsTest, ASidecarThatEndsLosesNoTransaction) {
  constexpr int kSessions = 20;
  PutPassword();
  Share();
  ASSERT_TRUE(
      postgres_->Query("CREATE TABLE done (n int); GRANT ALL ON done TO app;"));
  StartSidecar();
  std::vector<Running> sessions;
  for (int i = 0; i < kSessions; ++i) {
    sessions.push_back(
        Begin({"BEGIN", "INSERT INTO done VALUES (1)", "SELECT pg_sleep(2)",
               "INSERT INTO done VALUES (2)", "COMMIT"}));
  }
  AwaitSleeping(kSessions);
  sidecar_->Signal(SIGTERM);
  for (Running& session : sessions) {
    const Ran ran = End(session.process, session.options);
    EXPECT_EQ(ran.code, 0) << ran.errors;
  }
  EXPECT_EQ(sidecar_->WaitForExit(seconds(20)), 0);
  EXPECT_EQ(postgres_->Query("SELECT count(*) FROM done;"),
            std::to_string(2 * kSessions) + "\n");
  EXPECT_NE(Psql("SELECT 1").code, 0);
}

TEST_F(PostgresEndsTest, AServerThatCannotBeWrittenIsNotTakenForOneThatCan) {
  parameters_["target_session_attrs"] = "read-write";
  PutPassword();
  Share();
  StartSidecar();
  ASSERT_TRUE(postgres_->Query(
      "ALTER ROLE app SET default_transaction_read_only = on;"));
  const Ran refused = Psql("SELECT 1");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("target_session_attrs"));
}

}  // namespace
}  // namespace claviger::testing
