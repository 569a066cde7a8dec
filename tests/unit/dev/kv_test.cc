// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/dev/vault_fixture.h"

namespace claviger::dev::testing {
namespace {

class Kv2Test : public VaultTest {
 protected:
  Kv2Test() {
    Write("sys/mounts/secret",
          {{"type", "kv"}, {"options", {{"version", "2"}}}});
  }
  VaultAnswer Put(const std::string& path, const json& data,
                  const json& options = nullptr) {
    json body = {{"data", data}};
    if (!options.is_null()) body["options"] = options;
    return Write("secret/data/" + path, body);
  }
  VaultAnswer Get(const std::string& path) {
    return Read("secret/data/" + path);
  }
};

TEST_F(Kv2Test, ReadsWhatWasWrittenWithItsVersion) {
  EXPECT_EQ(Get("a").status, 404);
  EXPECT_EQ(Get("a").body["errors"], json::array());
  EXPECT_EQ(Put("a", {{"k", "v1"}}).data()["version"], 1);
  clock_.Advance(std::chrono::milliseconds(1'500));
  EXPECT_EQ(Put("a", {{"k", "v2"}}).data()["version"], 2);
  const json data = Get("a").data();
  EXPECT_EQ(data["data"], json({{"k", "v2"}}));
  EXPECT_EQ(data["metadata"],
            json({{"created_time", "2026-01-01T00:00:01.500Z"},
                  {"custom_metadata", nullptr},
                  {"deletion_time", ""},
                  {"destroyed", false},
                  {"version", 2}}));
  EXPECT_EQ(Get("a?version=1").data()["data"]["k"], "v1");
  EXPECT_EQ(Get("a?version=9").status, 404);
  EXPECT_EQ(Get("a?version=x").status, 400);
}

TEST_F(Kv2Test, ComparesBeforeItSets) {
  EXPECT_EQ(Put("a", {{"k", 1}}, {{"cas", 3}}).status, 400);
  EXPECT_EQ(Put("a", {{"k", 1}}, {{"cas", 0}}).status, 200);
  EXPECT_EQ(Put("a", {{"k", 2}}, {{"cas", 0}}).error(),
            "check-and-set parameter did not match the current version");
  EXPECT_EQ(Put("a", {{"k", 2}}, {{"cas", 1}}).status, 200);
  EXPECT_EQ(Put("a", {{"k", 2}}, {{"cas", "2"}}).status, 200);
  EXPECT_EQ(Put("a", {{"k", 2}}, {{"cas", "x"}}).status, 400);
  EXPECT_EQ(Put("a", {{"k", 2}}, "x").status, 400);
  EXPECT_EQ(Get("a").data()["metadata"]["version"], 3);
}

TEST_F(Kv2Test, CanRequireCheckAndSet) {
  Put("a", {{"k", 1}});
  Write("secret/metadata/a", {{"cas_required", true}});
  EXPECT_EQ(Put("a", {{"k", 2}}).error(),
            "check-and-set parameter required for this call");
  EXPECT_EQ(Put("b", {{"k", 2}}).status, 200);
  Write("secret/config", {{"cas_required", true}});
  EXPECT_EQ(Put("b", {{"k", 2}}).status, 400);
}

TEST_F(Kv2Test, DeletionCanBeUndone) {
  Put("a", {{"k", "v"}});
  EXPECT_EQ(Delete("secret/data/a").status, 204);
  const auto gone = Get("a");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.data()["data"], nullptr);
  EXPECT_NE(gone.data()["metadata"]["deletion_time"], "");
  EXPECT_EQ(Write("secret/undelete/a", {{"versions", {1}}}).status, 204);
  EXPECT_EQ(Get("a").data()["data"]["k"], "v");
  EXPECT_EQ(Delete("secret/data/none").status, 204);
}

TEST_F(Kv2Test, DestructionCannot) {
  Put("a", {{"k", "v"}});
  EXPECT_EQ(Write("secret/destroy/a", {{"versions", {1}}}).status, 204);
  Write("secret/undelete/a", {{"versions", {1}}});
  EXPECT_EQ(Get("a").status, 404);
  EXPECT_EQ(Get("a").data()["metadata"]["destroyed"], true);
  EXPECT_EQ(Write("secret/destroy/a", json::object()).status, 400);
}

TEST_F(Kv2Test, SingleVersionsAreDeleted) {
  Put("a", {{"k", 1}});
  Put("a", {{"k", 2}});
  EXPECT_EQ(Write("secret/delete/a", {{"versions", {1}}}).status, 204);
  EXPECT_EQ(Get("a?version=1").status, 404);
  EXPECT_EQ(Get("a").status, 200);
}

TEST_F(Kv2Test, KeepsTenVersionsUnlessTold) {
  for (int i = 0; i < 12; ++i) Put("a", {{"k", i}});
  const json metadata = Read("secret/metadata/a").data();
  EXPECT_EQ(metadata["versions"].size(), 10U);
  EXPECT_EQ(metadata["oldest_version"], 3);
  EXPECT_EQ(metadata["current_version"], 12);
  EXPECT_EQ(Get("a?version=2").status, 404);
  Write("secret/metadata/a", {{"max_versions", 2}});
  Put("a", {{"k", 13}});
  EXPECT_EQ(Read("secret/metadata/a").data()["versions"].size(), 2U);
  Write("secret/config", {{"max_versions", 1}});
  Put("b", {{"k", 1}});
  Put("b", {{"k", 2}});
  EXPECT_EQ(Read("secret/metadata/b").data()["versions"].size(), 1U);
}

TEST_F(Kv2Test, VersionsEndByThemselvesWhereToldSo) {
  Write("secret/metadata/a", {{"delete_version_after", "90m"}});
  EXPECT_EQ(Put("a", {{"k", 1}}).data()["deletion_time"],
            "2026-01-01T01:30:00Z");
  clock_.Advance(std::chrono::minutes(89));
  EXPECT_EQ(Get("a").status, 200);
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_EQ(Get("a").status, 404);
  EXPECT_EQ(Read("secret/metadata/a").data()["delete_version_after"],
            "1h30m0s");
}

TEST_F(Kv2Test, ListsNamesAndFolders) {
  Put("a", {{"k", 1}});
  Put("d/x", {{"k", 1}});
  Put("d/y/z", {{"k", 1}});
  Put("d", {{"k", 1}});
  EXPECT_EQ(List("secret/metadata").data()["keys"], json({"a", "d", "d/"}));
  EXPECT_EQ(List("secret/metadata/d").data()["keys"], json({"x", "y/"}));
  EXPECT_EQ(List("secret/metadata/none").status, 404);
  EXPECT_EQ(List("secret/data").status, 404);
  Delete("secret/metadata/d/x");
  Delete("secret/metadata/d/y/z");
  EXPECT_EQ(List("secret/metadata/d").status, 404);
}

TEST_F(Kv2Test, KeepsMetadataOfItsOwn) {
  EXPECT_EQ(
      Write("secret/metadata/a", {{"custom_metadata", {{"o", "x"}}}}).status,
      204);
  EXPECT_EQ(Get("a").status, 404);
  EXPECT_EQ(Put("a", {{"k", 1}}, {{"cas", 0}}).data()["custom_metadata"]["o"],
            "x");
  Write("secret/metadata/a", {{"max_versions", 3}});
  EXPECT_EQ(Read("secret/metadata/a").data()["custom_metadata"]["o"], "x");
  for (const json& wrong : std::vector<json>{"x",
                                             {{"a", nullptr}},
                                             {{"a", ""}},
                                             {{std::string(129, 'k'), "v"}},
                                             {{"a", std::string(513, 'v')}},
                                             {{"a", json::object()}}}) {
    EXPECT_EQ(Write("secret/metadata/a", {{"custom_metadata", wrong}}).status,
              400)
        << wrong;
  }
}

TEST_F(Kv2Test, RefusesWhatIsNoSecret) {
  EXPECT_EQ(Write("secret/data/a", {{"foo", 1}}).error(), "no data provided");
  EXPECT_EQ(Write("secret/data/a", {{"data", "x"}}).status, 400);
  EXPECT_EQ(Write("secret/data/a/", {{"data", json::object()}}).status, 400);
  EXPECT_EQ(Write("secret/data", {{"data", json::object()}}).status, 404);
  EXPECT_EQ(Write("secret/a", {{"data", json::object()}}).status, 404);
  EXPECT_EQ(Read("secret/a").status, 404);
  EXPECT_EQ(Read("secret/undelete/a").status, 405);
}

TEST_F(Kv2Test, StopsWhenTheStorageIsFullAndGoesOnWhenThereIsRoom) {
  const std::string large(size_t{1} << 20U, 'x');
  int stored = 0;
  while (stored < 200 &&
         Put("k" + std::to_string(stored), {{"v", large}}).status == 200) {
    ++stored;
  }
  EXPECT_GT(stored, 32);
  EXPECT_LT(stored, 65);
  EXPECT_EQ(Put("more", {{"v", large}}).status, 413);
  Delete("secret/metadata/k0");
  EXPECT_EQ(Put("more", {{"v", large}}).status, 200);
}

class Kv1Test : public VaultTest {
 protected:
  Kv1Test() { Write("sys/mounts/kv", {{"type", "kv"}}); }
};

TEST_F(Kv1Test, KeepsOneValuePerPath) {
  EXPECT_EQ(Read("kv/a").status, 404);
  EXPECT_EQ(Write("kv/a", {{"k", "v"}}).status, 204);
  EXPECT_EQ(Write("kv/a", {{"j", "w"}}).status, 204);
  const auto read = Read("kv/a");
  EXPECT_EQ(read.data(), json({{"j", "w"}}));
  EXPECT_EQ(read.body["lease_duration"], kDefaultTtlSeconds);
  EXPECT_EQ(Delete("kv/a").status, 204);
  EXPECT_EQ(Delete("kv/a").status, 204);
  EXPECT_EQ(Read("kv/a").status, 404);
}

TEST_F(Kv1Test, TellsTheSecretsOwnTtl) {
  Write("kv/a", {{"k", "v"}, {"ttl", "1h"}});
  EXPECT_EQ(Read("kv/a").body["lease_duration"], 3600);
}

TEST_F(Kv1Test, ListsAndRefuses) {
  Write("kv/a", {{"k", 1}});
  Write("kv/d/e", {{"k", 1}});
  EXPECT_EQ(List("kv").data()["keys"], json({"a", "d/"}));
  EXPECT_EQ(List("kv/d").data()["keys"], json({"e"}));
  EXPECT_EQ(List("kv/x").status, 404);
  EXPECT_EQ(Write("kv/a", json::object()).error(), "missing data fields");
  EXPECT_EQ(Write("kv/d/", {{"k", 1}}).status, 400);
}

class MountTest : public VaultTest {};

TEST_F(MountTest, DoNotOverlap) {
  EXPECT_EQ(Write("sys/mounts/a/b", {{"type", "kv-v2"}}).status, 204);
  EXPECT_EQ(Write("sys/mounts/a/b", {{"type", "kv"}}).error(),
            "path is already in use at a/b/");
  EXPECT_EQ(Write("sys/mounts/a", {{"type", "kv"}}).status, 400);
  EXPECT_EQ(Write("sys/mounts/a/b/c", {{"type", "kv"}}).status, 400);
  EXPECT_EQ(Write("sys/mounts/a/c", {{"type", "kv"}}).status, 204);
  EXPECT_EQ(Write("sys/auth/a/b", {{"type", "jwt"}}).status, 204);
}

TEST_F(MountTest, OfUnknownTypesOrReservedPathsAreRefused) {
  EXPECT_EQ(Write("sys/mounts/x", {{"type", "nope"}}).status, 400);
  EXPECT_EQ(Write("sys/mounts/x", json::object()).status, 400);
  EXPECT_EQ(Write("sys/mounts/x", {{"type", "kubernetes"}}).status, 400);
  EXPECT_EQ(Write("sys/auth/x", {{"type", "kv"}}).status, 400);
  EXPECT_EQ(Write("sys/mounts/sys", {{"type", "kv"}}).status, 400);
  EXPECT_EQ(Write("sys/mounts/auth/x", {{"type", "kv"}}).status, 400);
  EXPECT_EQ(Write("sys/auth/token", {{"type", "jwt"}}).status, 400);
  EXPECT_EQ(
      Write("sys/mounts/x", {{"type", "kv"}, {"options", {{"version", "3"}}}})
          .status,
      400);
}

TEST_F(MountTest, AreShownAndTakenAway) {
  Write("sys/mounts/secret", {{"type", "kv-v2"}, {"description", "ours"}});
  Write("sys/auth/users", {{"type", "jwt"}});
  const json mounts = Read("sys/mounts").data();
  EXPECT_EQ(mounts["secret/"]["type"], "kv");
  EXPECT_EQ(mounts["secret/"]["options"]["version"], "2");
  EXPECT_EQ(mounts["secret/"]["description"], "ours");
  EXPECT_FALSE(mounts.contains("auth/users/"));
  EXPECT_EQ(Read("sys/auth").data()["users/"]["type"], "jwt");
  EXPECT_EQ(Read("sys/mounts/secret").data()["type"], "kv");
  EXPECT_EQ(Read("sys/mounts/none").status, 400);
  EXPECT_EQ(Delete("sys/mounts/secret").status, 204);
  EXPECT_EQ(Delete("sys/mounts/secret").status, 204);
  EXPECT_EQ(Read("secret/data/a").status, 404);
  EXPECT_EQ(Delete("sys/mounts/sys").status, 400);
  EXPECT_EQ(Delete("sys/auth/token").status, 400);
}

TEST_F(MountTest, PoliciesAreStoredAsWritten) {
  const std::string text = R"({"path":{"a":{"capabilities":["read"]}}})";
  EXPECT_EQ(Write("sys/policies/acl/Mixed.Case", {{"policy", text}}).status,
            204);
  EXPECT_EQ(Read("sys/policies/acl/MIXED.case").data(),
            json({{"name", "mixed.case"}, {"policy", text}}));
  EXPECT_EQ(List("sys/policies/acl").data()["keys"],
            json({"default", "mixed.case", "root"}));
  EXPECT_EQ(Read("sys/policies/acl/none").status, 404);
  EXPECT_EQ(Write("sys/policies/acl/root", {{"policy", text}}).status, 400);
  EXPECT_EQ(Write("sys/policies/acl/a", {{"policy", ""}}).status, 400);
  EXPECT_EQ(Delete("sys/policies/acl/root").status, 400);
  EXPECT_EQ(Delete("sys/policies/acl/default").status, 400);
  EXPECT_EQ(Delete("sys/policies/acl/none").status, 204);
}

TEST_F(MountTest, LeasesAreNotFound) {
  const json lease = {{"lease_id", "database/creds/x/1"}};
  EXPECT_EQ(Write("sys/leases/renew", lease).error(), "lease not found");
  EXPECT_EQ(Write("sys/leases/lookup", lease).status, 400);
  EXPECT_EQ(Write("sys/leases/revoke", lease).status, 204);
  EXPECT_EQ(Write("sys/leases/revoke", json::object()).status, 400);
}

}  // namespace
}  // namespace claviger::dev::testing
