// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/builders.h"

namespace claviger::op::inject {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using namespace claviger::testing;  // NOLINT(google-build-using-namespace)

const Time kNow{};

model::Connection Warehouse(const char* ref) {
  model::Connection connection =
      AConnection(ref).WithOwner(User("erin")).ServerSideOnly(false);
  connection.endpoint.host = "dw.corp";
  connection.endpoint.port = 5432;
  return connection;
}

access::Snapshot World(model::Connection connection) {
  model::Objects objects;
  const model::ObjectRef ref = connection.ref();
  objects.connections.push_back(std::move(connection));
  objects.grants.push_back(AGrant("sales/g", ref.name)
                               .To(Account("shop/app"))
                               .Allowing({model::Privilege::kUse}));
  access::SnapshotSettings settings;
  settings.paths.allow_all = true;
  return {std::move(objects), settings};
}

TEST(VariablesTest, SayWhereTheApplicationConnects) {
  const access::Snapshot world = World(Warehouse("sales/dw-main.v2"));
  EXPECT_THAT(
      VariablesOf(world, Ref("sales/dw-main.v2"), Ref("shop/app"), kNow),
      Optional(UnorderedElementsAre(
          Pair("CLAVIGER_SALES__DW_MAIN_V2_HOST", "dw.corp"),
          Pair("CLAVIGER_SALES__DW_MAIN_V2_PORT", "5432"))));
}

TEST(VariablesTest, SayNothingOfWhatOnlyTheSidecarConnectsTo) {
  model::Connection connection = Warehouse("sales/dw");
  connection.server_side_only = true;
  EXPECT_THAT(
      VariablesOf(World(connection), Ref("sales/dw"), Ref("shop/app"), kNow),
      Optional(IsEmpty()));
}

model::Connection ServerSide(const char* provider) {
  model::Connection connection = Warehouse("sales/dw-main");
  connection.provider = provider;
  connection.server_side_only = true;
  return connection;
}

std::optional<providers::Protocol> ProtocolOf(
    const model::Connection& connection, const char* account = "shop/app") {
  return ProtocolFor(World(connection), connection.ref(), Ref(account), kNow);
}

TEST(ListenerTest, IsForWhatOnlyTheSidecarConnectsToAndCanSpeak) {
  using providers::Protocol;
  EXPECT_EQ(ProtocolOf(ServerSide("http")), Protocol::kHttp);
  EXPECT_EQ(ProtocolOf(ServerSide("elasticsearch")), Protocol::kHttp);
  EXPECT_EQ(ProtocolOf(ServerSide("postgresql")), Protocol::kPostgres);
  EXPECT_EQ(ProtocolOf(ServerSide("redshift")), Protocol::kPostgres);
  EXPECT_EQ(ProtocolOf(ServerSide("mysql")), std::nullopt);
  model::Connection open = ServerSide("postgresql");
  open.server_side_only = false;
  EXPECT_EQ(ProtocolOf(open), std::nullopt);
  EXPECT_EQ(ProtocolOf(ServerSide("http"), "shop/other"), std::nullopt);
}

TEST(ListenerTest, VariablesLeadToSockets) {
  using providers::Protocol;
  EXPECT_THAT(VariablesOf({Ref("sales/api.v2"), Protocol::kHttp, std::nullopt}),
              UnorderedElementsAre(
                  Pair("CLAVIGER_SALES__API_V2_SOCKET",
                       "/run/claviger/connections/sales.api.v2/http.sock")));
  EXPECT_THAT(VariablesOf({Ref("sales/dw"), Protocol::kPostgres, std::nullopt}),
              UnorderedElementsAre(Pair("CLAVIGER_SALES__DW_HOST",
                                        "/run/claviger/connections/sales.dw"),
                                   Pair("CLAVIGER_SALES__DW_PORT", "5432")));
}

TEST(ListenerTest, APortAddsVariablesAndChangesNone) {
  using providers::Protocol;
  EXPECT_THAT(VariablesOf({Ref("sales/api"), Protocol::kHttp, 9820}),
              UnorderedElementsAre(
                  Pair("CLAVIGER_SALES__API_SOCKET",
                       "/run/claviger/connections/sales.api/http.sock"),
                  Pair("CLAVIGER_SALES__API_URL", "http://127.0.0.1:9820")));
  EXPECT_THAT(
      VariablesOf({Ref("sales/dw"), Protocol::kPostgres, 9821}),
      UnorderedElementsAre(
          Pair("CLAVIGER_SALES__DW_HOST", "/run/claviger/connections/sales.dw"),
          Pair("CLAVIGER_SALES__DW_PORT", "5432"),
          Pair("CLAVIGER_SALES__DW_URL", "postgresql://127.0.0.1:9821"),
          Pair("CLAVIGER_SALES__DW_PASSFILE",
               "/run/claviger/connections/sales.dw/pgpass")));
}

TEST(ListenerTest, NamesThatAreTooLongForASocketLeaveThePort) {
  const model::ObjectRef ref{"sales", std::string(80, 'n')};
  using providers::Protocol;
  EXPECT_THAT(VariablesOf({ref, Protocol::kHttp, std::nullopt}), IsEmpty());
  EXPECT_THAT(VariablesOf({ref, Protocol::kPostgres, 9821}),
              UnorderedElementsAre(
                  Pair("CLAVIGER_SALES__" + std::string(80, 'N') + "_URL",
                       "postgresql://127.0.0.1:9821")));
}

TEST(VariablesTest, AreNoneForWhoDoesNotSeeTheConnection) {
  const access::Snapshot world = World(Warehouse("sales/dw"));
  EXPECT_EQ(VariablesOf(world, Ref("sales/dw"), Ref("shop/other"), kNow),
            std::nullopt);
  EXPECT_EQ(VariablesOf(world, Ref("sales/none"), Ref("shop/app"), kNow),
            std::nullopt);
}

std::string FileRefusal(const model::Connection& connection,
                        providers::FileFormat format,
                        const char* account = "shop/app") {
  return FindFileRefusal(World(connection), {connection.ref(), format},
                         Ref(account), kNow)
      .value_or("");
}

TEST(FileRefusalTest, TellsServerSideOnlyFromWhatMayNotBeRead) {
  using providers::FileFormat;
  model::Connection connection = Warehouse("sales/dw");
  // A credential may still come; that it may be read will not.
  EXPECT_EQ(FileRefusal(connection, FileFormat::kPgpass), "");
  connection.server_side_only = true;
  EXPECT_THAT(FileRefusal(connection, FileFormat::kPgpass),
              HasSubstr("server-side-only"));
  connection.server_side_only = false;
  connection.credentials.default_slot =
      model::DefaultSlot{Kv2("secret", "sales/dw"), false};
  EXPECT_THAT(FileRefusal(connection, FileFormat::kPgpass),
              HasSubstr("sa/shop/app may not read its secret"));
  connection.secret_readers = model::SecretReaders::kUsers;
  EXPECT_EQ(FileRefusal(connection, FileFormat::kPgpass), "");
  // By its name alone nobody learns that there is one.
  EXPECT_EQ(FileRefusal(connection, FileFormat::kPgpass, "shop/other"),
            "it is unknown");
  EXPECT_THAT(FileRefusal(connection, FileFormat::kMyCnf),
              HasSubstr("the format my.cnf is for mysql"));
  connection.server_side_only = true;
  EXPECT_THAT(FileRefusal(connection, FileFormat::kPgpass),
              HasSubstr("server-side-only"));
}

}  // namespace
}  // namespace claviger::op::inject
