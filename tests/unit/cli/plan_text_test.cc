// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

op::PlanResult APlan() {
  op::PlanResult plan;
  plan.changes = {
      {op::Action::kCreate, op::Kind::kPolicy, "claviger.dev.sa.a.new", "",
       R"({"path":{"secret/data/a":{"capabilities":["read"]}}})"},
      {op::Action::kUpdate, op::Kind::kRole, "claviger/claviger.dev.sa.a.b",
       R"({"audience":"old","token_ttl":3600})",
       R"({"audience":"new","token_ttl":3600})"},
      {op::Action::kDelete, op::Kind::kBindings, "dev/bindings/sa.a.gone",
       R"({"bindings":[]})", ""}};
  return plan;
}

std::string Printed(const op::PlanResult& plan, bool colour = false) {
  std::ostringstream out;
  PrintPlan(plan, colour, out);
  return out.str();
}

TEST(PlanTextTest, ShowsEachChangeAsADiff) {
  const std::string text = Printed(APlan());
  EXPECT_THAT(text, HasSubstr("+ policy claviger.dev.sa.a.new\n"));
  EXPECT_THAT(text, HasSubstr("    +     \"secret/data/a\": {\n"));
  EXPECT_THAT(text, HasSubstr("~ role claviger/claviger.dev.sa.a.b\n"));
  EXPECT_THAT(text, HasSubstr("    -   \"audience\": \"old\",\n"
                              "    +   \"audience\": \"new\",\n"
                              "        \"token_ttl\": 3600\n"));
  EXPECT_THAT(text, HasSubstr("- bindings dev/bindings/sa.a.gone\n"));
  EXPECT_THAT(text, HasSubstr("Plan: 1 to create, 1 to update, 1 to delete. "
                              "Nothing was written."));
}

TEST(PlanTextTest, ColoursOnlyWhereTheyAreSeen) {
  EXPECT_THAT(Printed(APlan(), true), HasSubstr("\x1b[32m+ policy"));
  EXPECT_THAT(Printed(APlan(), false), Not(HasSubstr("\x1b[")));
}

TEST(PlanTextTest, SaysWhenThereIsNothingToDo) {
  EXPECT_THAT(Printed({}), HasSubstr("Nothing to change"));
}

TEST(PlanTextTest, NamesWhatStandsInTheWay) {
  op::PlanResult plan;
  plan.report.conflicts = {{"sa.a.b", "a foreign policy", "remove it"}};
  plan.report.brakes = {{"sales", 20, 30, "sales-20", {"Grant sales/x"}}};
  plan.report.failures = {
      {"sa.a.c", {ErrorCode::kPermissionDenied, "read role"}}};
  const std::string text = Printed(plan);
  EXPECT_THAT(text, HasSubstr("conflict: sa.a.b: a foreign policy; remove it"));
  EXPECT_THAT(text, HasSubstr("brake: 20 of 30 objects of namespace sales"));
  EXPECT_THAT(text, HasSubstr("confirmMassDelete: sales-20"));
  EXPECT_THAT(text, HasSubstr("failure: sa.a.c: read role"));
}

TEST(PlanTextTest, JsonHoldsTheTextsAsValues) {
  const auto json = ToJson(APlan());
  EXPECT_EQ(json["changes"][0]["action"], "create");
  EXPECT_EQ(json["changes"][0]["kind"], "policy");
  EXPECT_TRUE(json["changes"][0]["before"].is_null());
  EXPECT_EQ(json["changes"][1]["after"]["audience"], "new");
  EXPECT_EQ(json["summary"].dump(), R"({"create":1,"update":1,"delete":1})");
  EXPECT_EQ(json["conflicts"].size(), 0U);
}

}  // namespace
}  // namespace claviger::cli
