// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/startup_rules.h"

#include <gtest/gtest.h>

namespace claviger::sidecar::proxy::pg {
namespace {

using postgres::Parameters;

class StartupRulesTest : public ::testing::Test {
 protected:
  StartupPlan Plan(Parameters parameters, uint32_t minor = 0) {
    auto plan =
        PlanStartup({minor, std::move(parameters)}, facts_, "reports/nightly");
    EXPECT_TRUE(std::holds_alternative<StartupPlan>(plan));
    return std::get<StartupPlan>(std::move(plan));
  }
  bool Refused(Parameters parameters) {
    return std::holds_alternative<postgres::BadPacket>(
        PlanStartup({0, std::move(parameters)}, facts_, "reports/nightly"));
  }
  std::string ValueOf(const StartupPlan& plan, std::string_view name) {
    const std::string* value = postgres::Find(plan.parameters, name);
    return value == nullptr ? "(none)" : *value;
  }

  access::ConnectionFacts facts_;
};

TEST_F(StartupRulesTest, NeverPassesTheClientsUserOn) {
  const StartupPlan plan = Plan({{"user", "postgres"}, {"database", "dw"}});
  EXPECT_EQ(ValueOf(plan, "user"), "(none)");
  EXPECT_EQ(ValueOf(plan, "database"), "dw");
}

TEST_F(StartupRulesTest, TakesTheConnectionsDatabase) {
  facts_.endpoint.database = "dw";
  const StartupPlan plan = Plan({{"user", "u"}, {"database", "other"}});
  EXPECT_EQ(ValueOf(plan, "database"), "dw");
  EXPECT_EQ(plan.database, "dw");
}

TEST_F(StartupRulesTest, LeavesTheDatabaseToTheServerWhereNobodyNamesOne) {
  EXPECT_EQ(ValueOf(Plan({{"user", "u"}, {"database", "u"}}), "database"),
            "(none)");
  EXPECT_EQ(ValueOf(Plan({{"user", "u"}}), "database"), "(none)");
}

TEST_F(StartupRulesTest, TheConnectionsSettingsReplaceTheClients) {
  facts_.endpoint.parameters = {{"options", "-c geqo=off"},
                                {"timezone", "UTC"},
                                {"search_path", "sales"},
                                {"connect_timeout", "5"},
                                {"require_auth", "md5"}};
  const StartupPlan plan = Plan({{"user", "u"},
                                 {"options", "-c role=admin"},
                                 {"TimeZone", "Europe/Vienna"},
                                 {"DateStyle", "ISO"}});
  EXPECT_EQ(ValueOf(plan, "options"), "-c geqo=off");
  EXPECT_EQ(ValueOf(plan, "TimeZone"), "UTC");
  EXPECT_EQ(ValueOf(plan, "search_path"), "sales");
  EXPECT_EQ(ValueOf(plan, "DateStyle"), "ISO");
  EXPECT_EQ(ValueOf(plan, "connect_timeout"), "(none)");
  EXPECT_EQ(ValueOf(plan, "require_auth"), "(none)");
}

TEST_F(StartupRulesTest, TheApplicationNameCarriesTheWorkloadFirst) {
  EXPECT_EQ(ValueOf(Plan({{"user", "u"}}), "application_name"),
            "reports/nightly");
  EXPECT_EQ(ValueOf(Plan({{"application_name", "psql"}}), "application_name"),
            "reports/nightly psql");
  EXPECT_EQ(ValueOf(Plan({{"Application_Name", "x"}}), "application_name"),
            "reports/nightly");
  facts_.endpoint.parameters["application_name"] = "bi";
  const StartupPlan plan =
      Plan({{"application_name", std::string(100, 'x') + "\n"}});
  EXPECT_EQ(ValueOf(plan, "application_name"), "reports/nightly bi");
}

TEST_F(StartupRulesTest, KeepsTheApplicationNameShortAndPlain) {
  const std::string name = ValueOf(
      Plan({{"application_name", "a\nb\xC3\xA4" + std::string(100, 'x')}}),
      "application_name");
  EXPECT_EQ(name.size(), 63U);
  EXPECT_EQ(name.substr(0, 20), "reports/nightly a?b?");
}

TEST_F(StartupRulesTest, RefusesNamesThatCannotBeSettings) {
  for (const char* name : {"a b", "a=b", "a;b", "\xC3\xA4", "-c"}) {
    EXPECT_TRUE(Refused({{name, "x"}})) << name;
  }
  EXPECT_TRUE(Refused({{std::string(64, 'a'), "x"}}));
  EXPECT_FALSE(Refused({{"myext.setting", "x"}}));
}

TEST_F(StartupRulesTest, AsksForAProtocolThatIsSpokenHere) {
  EXPECT_EQ(Plan({}, 0).minor, 0U);
  EXPECT_FALSE(Plan({}, 0).minor_lowered);
  EXPECT_EQ(Plan({}, 1).minor, 0U);
  EXPECT_TRUE(Plan({}, 1).minor_lowered);
  EXPECT_EQ(Plan({}, 2).minor, 2U);
  EXPECT_FALSE(Plan({}, 2).minor_lowered);
  EXPECT_EQ(Plan({}, 9'999).minor, 2U);
  EXPECT_TRUE(Plan({}, 9'999).minor_lowered);
}

}  // namespace
}  // namespace claviger::sidecar::proxy::pg
