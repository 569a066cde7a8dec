// SPDX-License-Identifier: Apache-2.0
#include "vault/kv.h"

#include <gtest/gtest.h>

#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using testing::FakeVaultApi;
using Names = std::vector<std::string>;

class KvTest : public ::testing::Test {
 protected:
  FakeVaultApi api_;
  Secret token_{std::string("s.1")};
};

TEST_F(KvTest, ReadsTheNewestVersion) {
  api_.Answer(200, R"({"data":{"data":{"password":"p"},
                                "metadata":{"version":7}}})");
  const auto secret = ReadKv2(api_, token_, "secret", "sales/dw");
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->data.Reveal(), R"({"password":"p"})");
  EXPECT_EQ(secret->version, 7);
  const auto seen = api_.seen().at(0);
  EXPECT_EQ(seen.path, "secret/data/sales/dw");
  EXPECT_EQ(seen.query, "");
  EXPECT_EQ(seen.token, "s.1");
}

TEST_F(KvTest, ReadsAGivenVersion) {
  api_.Answer(200, R"({"data":{"data":{},"metadata":{"version":2}}})");
  ASSERT_TRUE(ReadKv2(api_, token_, "secret", "a", 2));
  EXPECT_EQ(api_.seen().at(0).query, "version=2");
}

TEST_F(KvTest, KeepsTheSecretsTextAsItIs) {
  // Through a tree the number would lose digits and the keys their order.
  const std::string data =
      R"({"z":123456789012345678901234567890,"a":"\u00e9\"}","n":{"x":[1, {}]}})";
  api_.Answer(200,
              R"({"data":{"metadata":{"version":1},"data":)" + data + "}}");
  EXPECT_EQ(ReadKv2(api_, token_, "secret", "a")->data.Reveal(), data);
  api_.Answer(200, R"({"lease_id":"","data":)" + data + "}");
  EXPECT_EQ(ReadKv1(api_, token_, "kv", "a")->data.Reveal(), data);
}

TEST_F(KvTest, FindsDeletedVersionsAbsent) {
  api_.Answer(200, R"({"data":{"data":null,"metadata":{"version":3}}})");
  EXPECT_EQ(ReadKv2(api_, token_, "secret", "a").error().code,
            ErrorCode::kNotFound);
  api_.Break(ErrorCode::kNotFound);
  EXPECT_EQ(ReadKv2(api_, token_, "secret", "a").error().code,
            ErrorCode::kNotFound);
}

TEST_F(KvTest, FindsAnswersOfAnotherShapeMalformed) {
  for (const char* body :
       {R"({"data":{"data":"canary","metadata":{"version":1}}})",
        R"({"data":{"data":["canary"],"metadata":{"version":1}}})",
        R"({"data":{"data":{"a":"canary"},"metadata":{"version":"1"}}})",
        R"({"data":{"data":{"a":"canary"}}})",
        R"({"data":{"data":{"a":"canary"},"data":{}}})",
        R"({"data":{"data":{"a":"canary"})"}) {
    api_.Answer(200, body);
    const auto secret = ReadKv2(api_, token_, "secret", "a");
    ASSERT_FALSE(secret) << body;
    EXPECT_EQ(secret.error().code, ErrorCode::kMalformed) << body;
    EXPECT_EQ(secret.error().message.find("canary"), std::string::npos);
  }
}

TEST_F(KvTest, WritesWithTheVersionThatWasRead) {
  api_.Answer(200, R"({"data":{"version":8}})");
  const auto version =
      WriteKv2(api_, token_, "claviger", "c/bindings/x", R"({"a": 1})", 7);
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(*version, 8);
  const auto seen = api_.seen().at(0);
  EXPECT_EQ(seen.verb, Verb::kWrite);
  EXPECT_EQ(seen.path, "claviger/data/c/bindings/x");
  EXPECT_EQ(seen.body, R"({"data":{"a": 1},"options":{"cas":7}})");
  EXPECT_FALSE(seen.idempotent)
      << "a repeat would meet its own version and call it a conflict";
}

TEST_F(KvTest, RefusesWriteWhenVersionMoved) {
  api_.Break(ErrorCode::kConflict);
  EXPECT_EQ(WriteKv2(api_, token_, "secret", "a", "{}", 0).error().code,
            ErrorCode::kConflict);
}

TEST_F(KvTest, SendsNothingButAnObject) {
  for (const char* data :
       {"", "[]", "1", "{", R"({},"options":{"cas":1})", R"({"a":1,"a":2})"}) {
    const auto version = WriteKv2(api_, token_, "secret", "a", data, 0);
    ASSERT_FALSE(version) << data;
    EXPECT_EQ(version.error().code, ErrorCode::kInvalidArgument) << data;
  }
  EXPECT_TRUE(api_.seen().empty());
}

TEST_F(KvTest, RemovesAllVersionsWithTheMetadata) {
  api_.Answer(204);
  EXPECT_TRUE(RemoveKv2(api_, token_, "secret", "a/b"));
  EXPECT_EQ(api_.seen().at(0).verb, Verb::kDelete);
  EXPECT_EQ(api_.seen().at(0).path, "secret/metadata/a/b");
  api_.Break(ErrorCode::kNotFound);
  EXPECT_TRUE(RemoveKv2(api_, token_, "secret", "a/b"));
  api_.Break(ErrorCode::kMalformed);
  EXPECT_FALSE(RemoveKv2(api_, token_, "secret", "a/b"));
}

TEST_F(KvTest, ListsNamesAndFolders) {
  api_.Answer(200, R"({"data":{"keys":["a","b/"]}})");
  EXPECT_EQ(*ListKv2(api_, token_, "secret", "x"), (Names{"a", "b/"}));
  EXPECT_EQ(api_.seen().at(0).path, "secret/metadata/x");
  api_.Break(ErrorCode::kNotFound);
  EXPECT_EQ(*ListKv2(api_, token_, "secret", ""), Names{});
  EXPECT_EQ(api_.seen().at(1).path, "secret/metadata");
  api_.Answer(200, R"({"data":{"keys":[1]}})");
  EXPECT_EQ(ListKv2(api_, token_, "secret", "").error().code,
            ErrorCode::kMalformed);
}

TEST_F(KvTest, ReadsVersionOneBelowTheMountItself) {
  api_.Answer(200, R"({"data":{"a":"b"}})");
  const auto secret = ReadKv1(api_, token_, "kv/old", "x");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->data.Reveal(), R"({"a":"b"})");
  EXPECT_EQ(secret->version, 0);
  EXPECT_EQ(api_.seen().at(0).path, "kv/old/x");
}

TEST_F(KvTest, ChecksPathsBeforeAnythingIsSent) {
  for (const char* path : {"", "/a", "a/", "a//b", "../x", "a/../b", "a*", "+",
                           "%2e", "a b", "ROOT", "{{x}}"}) {
    EXPECT_FALSE(ReadKv2(api_, token_, "secret", path)) << path;
    EXPECT_FALSE(ReadKv2(api_, token_, path, "a")) << path;
    EXPECT_FALSE(ReadKv1(api_, token_, "secret", path)) << path;
    EXPECT_FALSE(WriteKv2(api_, token_, "secret", path, "{}", 0)) << path;
    EXPECT_FALSE(RemoveKv2(api_, token_, "secret", path)) << path;
    EXPECT_FALSE(ListKv2(api_, token_, path, "")) << path;
  }
  EXPECT_FALSE(ListKv2(api_, token_, "secret", "../x"));
  EXPECT_TRUE(api_.seen().empty());
}

}  // namespace
}  // namespace claviger::vault
