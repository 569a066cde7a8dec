// SPDX-License-Identifier: Apache-2.0
#include "access/bindings_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "access/bindings_document.h"

namespace claviger::access {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const EntryStamp kStamp{"claviger", "prod", 1};
const EntryLedger kLedger{"p", "r", "claviger", "d", 2};

json Entry() {
  return json::parse(*EncodeEntry(kStamp, kLedger, R"({"b":[1],"a":"x"})"));
}

TEST(BindingsEntryTest, IsReadBackAsWritten) {
  const auto text = EncodeEntry(kStamp, kLedger, R"({"b":[1],"a":"x"})");
  ASSERT_TRUE(text);
  const auto entry = DecodeEntry(*text);
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->stamp, kStamp);
  EXPECT_EQ(entry->ledger, kLedger);
  EXPECT_EQ(entry->part, R"({"a":"x","b":[1]})");
}

TEST(BindingsEntryTest, OrderAndEscapesOfVaultMakeNoDifference) {
  const auto a = EncodeEntry(kStamp, kLedger, R"({"b":"<&>","a":1})");
  const auto b =
      EncodeEntry(kStamp, kLedger, R"({"a":1,"b":"\u003c\u0026\u003e"})");
  ASSERT_TRUE(a);
  EXPECT_EQ(*a, *b);
  // So the digest of what is read is that of what was written.
  EXPECT_EQ(DocumentDigest({DecodeEntry(*a)->part}),
            DocumentDigest({R"({"a":1,"b":"<&>"})"}));
}

TEST(BindingsEntryTest, DigestOfWhatIsReadIsThatOfWhatWasEncoded) {
  auto facts = std::make_shared<ConnectionFacts>();
  facts->ref = {"sales", "warehouse"};
  Binding binding;
  binding.facts = facts;
  const std::vector<std::string> parts = EncodeBindings(
      {"everyone.user", {binding}, {{"finance", {"groups", "<fin>"}}}});
  std::vector<std::string> read;
  for (const std::string& part : parts) {
    read.push_back(DecodeEntry(*EncodeEntry(kStamp, kLedger, part))->part);
  }
  EXPECT_EQ(DocumentDigest(read), DocumentDigest(parts));
}

TEST(BindingsEntryTest, DigestIsOfAllPartsInOrder) {
  const std::string a = R"({"part":0})";
  const std::string b = R"({"part":1})";
  EXPECT_NE(DocumentDigest({a, b}), DocumentDigest({b, a}));
  EXPECT_NE(DocumentDigest({a, b}), DocumentDigest({a}));
}

TEST(BindingsEntryTest, PartThatIsNoObjectIsRefused) {
  for (const char* part : {"", "[]", "1", "{", R"({"a":1,"a":2})"}) {
    EXPECT_FALSE(EncodeEntry(kStamp, kLedger, part)) << part;
  }
}

TEST(BindingsEntryTest, WhatIsMissingIsNamed) {
  for (const char* key : {"stamp", "ledger", "document"}) {
    json entry = Entry();
    entry.erase(key);
    const auto decoded = DecodeEntry(entry.dump());
    ASSERT_FALSE(decoded) << key;
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(decoded.error().message, HasSubstr(key));
  }
  for (const char* key : {"policy", "role", "authMount", "document", "parts"}) {
    json entry = Entry();
    entry["ledger"].erase(key);
    const auto decoded = DecodeEntry(entry.dump());
    ASSERT_FALSE(decoded) << key;
    EXPECT_THAT(decoded.error().message, HasSubstr(key));
  }
}

TEST(BindingsEntryTest, NewerFormatIsRefused) {
  json entry = Entry();
  entry["stamp"]["format"] = 2;
  EXPECT_FALSE(DecodeEntry(entry.dump()));
}

TEST(BindingsEntryTest, NumbersOfPartsAreBounded) {
  for (const json& parts : {json(0), json(-1), json(65), json(1e300), json("1"),
                            json(true), json(1.5)}) {
    json entry = Entry();
    entry["ledger"]["parts"] = parts;
    EXPECT_FALSE(DecodeEntry(entry.dump())) << parts;
  }
}

}  // namespace
}  // namespace claviger::access
