// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace claviger::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(TextTest, PairsAlignAndEmptyOnesAreLeftOut) {
  std::ostringstream out;
  PrintPairs({{"a", "1"}, {"very long", ""}, {"bcd", "2"}}, "  ", out);
  EXPECT_EQ(out.str(), "  a    1\n  bcd  2\n");
}

TEST(TextTest, TablesAlignWithoutSpaceAtTheEnd) {
  std::ostringstream out;
  PrintTable({"NAME", "X"}, {{"a", "long value"}, {"longer", "b"}}, out);
  EXPECT_EQ(out.str(),
            "NAME    X\n"
            "a       long value\n"
            "longer  b\n");
}

TEST(TextTest, PaintsOnlyWhenEnabled) {
  EXPECT_EQ(Painted("x", Colour::kRed, false), "x");
  EXPECT_EQ(Painted("x", Colour::kRed, true), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Painted("x", Colour::kBold, true), "\x1b[1mx\x1b[0m");
}

TEST(TextTest, AReferenceIsDescribedByEngine) {
  model::VaultRef ref;
  ref.mount = "secret";
  ref.path = "sales/dw";
  ref.version = 3;
  EXPECT_EQ(Describe(ref), "kv2 secret/sales/dw, version 3");
  model::VaultRef role;
  role.engine = model::Engine::kDatabase;
  role.mount = "database";
  role.role = "sales.ro";
  EXPECT_EQ(Describe(role), "database database/sales.ro");
}

access::Explanation AnExplanation(access::Reason reason) {
  access::Explanation explanation;
  explanation.connection = {"sales", "dw"};
  explanation.caller = access::Caller::User("alice");
  explanation.decision.reason = reason;
  explanation.steps = {{"membership", "none"}, {"use", "allowed"}};
  return explanation;
}

std::string Printed(const access::Explanation& explanation) {
  std::ostringstream out;
  PrintExplanation(explanation, false, out);
  return out.str();
}

TEST(TextTest, APersonalSlotIsTheCallersOwnAndHasNoPlace) {
  access::Explanation explanation = AnExplanation(access::Reason::kAllowed);
  explanation.decision.slot = "personal";
  explanation.decision.depth = 0;
  const std::string text = Printed(explanation);
  EXPECT_THAT(text, StartsWith("Allowed: user/alice may use sales/dw\n"));
  EXPECT_THAT(text, HasSubstr("  slot        personal (depth 0)\n"));
  EXPECT_THAT(text, HasSubstr("the caller's own"));
  EXPECT_THAT(text, Not(HasSubstr("valid until")));
}

TEST(TextTest, AWindowShowsUntilWhen) {
  access::Explanation explanation = AnExplanation(access::Reason::kAllowed);
  explanation.decision.slot = "default";
  explanation.decision.valid_until = Time(std::chrono::seconds(1'767'225'600));
  EXPECT_THAT(Printed(explanation),
              HasSubstr("  valid until  2026-01-01T00:00:00Z\n"));
}

TEST(TextTest, ARefusalShowsReasonSlotsWhyAndFix) {
  access::Explanation explanation =
      AnExplanation(access::Reason::kAmbiguousCredential);
  explanation.decision.slots = {"grant/a", "grant/b"};
  explanation.decision.detail = "two of them";
  explanation.decision.fix = "choose";
  EXPECT_EQ(Printed(explanation),
            "Denied: user/alice may not use sales/dw\n\n"
            "  reason  AmbiguousCredential (409)\n"
            "  slots   grant/a, grant/b\n"
            "  why     two of them\n"
            "  fix     choose\n\n"
            "How it was decided\n"
            "  membership  none\n"
            "  use         allowed\n");
}

}  // namespace
}  // namespace claviger::cli
