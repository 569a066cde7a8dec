// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "integration/vault_contract.h"
#include "vault/kv.h"

namespace claviger::testing {
namespace {

using ::testing::UnorderedElementsAre;
using vault::ListKv2;
using vault::ReadKv1;
using vault::ReadKv2;
using vault::RemoveKv2;
using vault::Verb;
using vault::WriteKv2;

class VaultKvContractTest : public VaultContractTest {
 protected:
  std::string Data(const std::string& mount, const std::string& path,
                   int64_t version = 0) {
    const auto secret = ReadKv2(api(), root(), mount, path, version);
    return secret ? std::string(secret->data.Reveal()) : CodeOf(secret);
  }
  std::string Write(const std::string& mount, const std::string& path,
                    const std::string& data, int64_t cas) {
    const auto version = WriteKv2(api(), root(), mount, path, data, cas);
    return version ? std::to_string(*version) : CodeOf(version);
  }
};

TEST_F(VaultKvContractTest, CreatesOnlyWhatDoesNotExist) {
  const std::string mount = NewKv();
  EXPECT_EQ(Write(mount, "a/b", R"({"x":1})", 1), "conflict");
  EXPECT_EQ(Write(mount, "a/b", R"({"x":1})", 0), "1");
  EXPECT_EQ(Write(mount, "a/b", R"({"x":2})", 0), "conflict");
  EXPECT_EQ(Data(mount, "a/b"), R"({"x":1})");
}

TEST_F(VaultKvContractTest, WritesOnlyOverTheVersionThatWasRead) {
  const std::string mount = NewKv();
  EXPECT_EQ(Write(mount, "a", R"({"x":1})", 0), "1");
  EXPECT_EQ(Write(mount, "a", R"({"x":2})", 1), "2");
  EXPECT_EQ(Write(mount, "a", R"({"x":3})", 1), "conflict");
  EXPECT_EQ(Write(mount, "a", R"({"x":3})", 3), "conflict");
  EXPECT_EQ(ReadKv2(api(), root(), mount, "a")->version, 2);
}

TEST_F(VaultKvContractTest, KeepsOlderVersions) {
  const std::string mount = NewKv();
  Write(mount, "a", R"({"x":1})", 0);
  Write(mount, "a", R"({"x":2})", 1);
  EXPECT_EQ(Data(mount, "a", 1), R"({"x":1})");
  EXPECT_EQ(Data(mount, "a", 2), R"({"x":2})");
  EXPECT_EQ(Data(mount, "a"), R"({"x":2})");
  EXPECT_EQ(Data(mount, "a", 3), "not_found");
}

TEST_F(VaultKvContractTest, KeepsEveryKindOfValue) {
  const std::string mount = NewKv();
  const std::string data =
      R"({"a":"\"é\\\n","b":true,"c":null,"d":[1,"x"],"e":{"f":-7},"g":""})";
  Write(mount, "a", data, 0);
  const auto secret = ReadKv2(api(), root(), mount, "a");
  ASSERT_TRUE(secret);
  EXPECT_EQ(nlohmann::json::parse(secret->data.Reveal()),
            nlohmann::json::parse(data));
}

TEST_F(VaultKvContractTest, HidesADeletedVersionAndStillCountsIt) {
  const std::string mount = NewKv();
  Write(mount, "a", R"({"x":1})", 0);
  EXPECT_EQ(Outcome(root(), Verb::kDelete, mount + "/data/a"), "ok");
  EXPECT_EQ(Data(mount, "a"), "not_found");
  EXPECT_EQ(Write(mount, "a", R"({"x":2})", 0), "conflict");
  EXPECT_EQ(Write(mount, "a", R"({"x":2})", 1), "2");
}

TEST_F(VaultKvContractTest, ForgetsEverythingWithTheMetadata) {
  const std::string mount = NewKv();
  Write(mount, "a", R"({"x":1})", 0);
  Write(mount, "a", R"({"x":2})", 1);
  EXPECT_TRUE(RemoveKv2(api(), root(), mount, "a"));
  EXPECT_EQ(Data(mount, "a"), "not_found");
  EXPECT_EQ(Data(mount, "a", 1), "not_found");
  EXPECT_TRUE(RemoveKv2(api(), root(), mount, "a")) << "a second time too";
  EXPECT_EQ(Write(mount, "a", R"({"x":9})", 0), "1") << "it starts over";
}

// What a write has to name goes on over what was deleted, and over what was
// destroyed.
TEST_F(VaultKvContractTest, TellsTheVersionThatAWriteHasToName) {
  const std::string mount = NewKv();
  const auto current = [&](const std::string& path) {
    const auto version = vault::CurrentVersionKv2(api(), root(), mount, path);
    return version ? std::to_string(*version) : CodeOf(version);
  };
  EXPECT_EQ(current("a"), "0");
  Write(mount, "a", R"({"x":1})", 0);
  EXPECT_EQ(current("a"), "1");
  vault::Call remove;
  remove.verb = Verb::kDelete;
  remove.path = mount + "/data/a";
  remove.token = &root();
  ASSERT_TRUE(api().Do(remove));
  EXPECT_EQ(Data(mount, "a"), "not_found");
  EXPECT_EQ(current("a"), "1");
  EXPECT_EQ(Write(mount, "a", "{}", 0), "conflict");
  EXPECT_EQ(Write(mount, "a", "{}", 1), "2");
  RemoveKv2(api(), root(), mount, "a");
  EXPECT_EQ(current("a"), "0");
}

TEST_F(VaultKvContractTest, ListsNamesAndFolders) {
  const std::string mount = NewKv();
  EXPECT_THAT(*ListKv2(api(), root(), mount, ""), UnorderedElementsAre());
  for (const char* path : {"a", "b/c", "b/d/e", "b.x-y_z"}) {
    Write(mount, path, "{}", 0);
  }
  EXPECT_THAT(*ListKv2(api(), root(), mount, ""),
              UnorderedElementsAre("a", "b/", "b.x-y_z"));
  EXPECT_THAT(*ListKv2(api(), root(), mount, "b"),
              UnorderedElementsAre("c", "d/"));
  EXPECT_THAT(*ListKv2(api(), root(), mount, "none"), UnorderedElementsAre());
  RemoveKv2(api(), root(), mount, "b/d/e");
  EXPECT_THAT(*ListKv2(api(), root(), mount, "b"), UnorderedElementsAre("c"));
}

TEST_F(VaultKvContractTest, FindsNothingWhereNothingWasWritten) {
  const std::string mount = NewKv();
  EXPECT_EQ(Data(mount, "none"), "not_found");
  EXPECT_EQ(Data(Fresh("unmounted"), "a"), "not_found");
  EXPECT_EQ(Write(Fresh("unmounted"), "a", "{}", 0), "not_found");
}

TEST_F(VaultKvContractTest, RefusesDataThatIsNoObject) {
  const std::string mount = NewKv();
  for (const char* body : {R"({"data":"text"})", R"({"data":[1]})", "{}"}) {
    EXPECT_EQ(Outcome(root(), Verb::kWrite, mount + "/data/a", body),
              "invalid_argument")
        << body;
  }
}

TEST_F(VaultKvContractTest, ServesVersionOne) {
  const std::string mount = NewKv("1");
  EXPECT_EQ(CodeOf(ReadKv1(api(), root(), mount, "a/b")), "not_found");
  EXPECT_EQ(Outcome(root(), Verb::kWrite, mount + "/a/b", R"({"x":"1"})"),
            "ok");
  const auto secret = ReadKv1(api(), root(), mount, "a/b");
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->data.Reveal(), R"({"x":"1"})");
  const auto listed = Do(root(), Verb::kList, mount + "/a");
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(nlohmann::json::parse(listed->body)["data"]["keys"],
            nlohmann::json({"b"}));
  EXPECT_EQ(Outcome(root(), Verb::kDelete, mount + "/a/b"), "ok");
  EXPECT_EQ(CodeOf(ReadKv1(api(), root(), mount, "a/b")), "not_found");
}

}  // namespace
}  // namespace claviger::testing
