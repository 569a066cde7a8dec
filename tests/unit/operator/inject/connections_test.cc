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
