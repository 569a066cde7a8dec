// SPDX-License-Identifier: Apache-2.0
//
// Files from the wish to what stands on the volume, through everything that a
// credential meets: rotation, revocation, a Vault that is away, an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sidecar/files/store.h"
#include "support/fake_http_client.h"
#include "support/scratch_directory.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

namespace fs = std::filesystem;
using sidecar::files::MakeVolumeStore;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kCredential =
    R"({"username":"u","password":"canary-5f3a"})";

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() { Make("sales/warehouse=pgpass"); }

  void Make(const char* wanted, const char* notice = "") {
    sidecar::Settings settings = Harness::DefaultSettings();
    settings.files.wanted = *providers::ParseFileWishes(wanted);
    if (*notice != '\0') {
      settings.files.notice = *providers::ParseFileNotice(notice);
    }
    store_ =
        MakeVolumeStore({folder_.File("files"), folder_.File("bindings"), 0400},
                        [](int) { return true; });
    h_ = std::make_unique<Harness>(settings, store_.get(), &client_);
    h_->vault.PutSecret("secret/sales/warehouse", kCredential);
  }
  static AConnection Database() {
    return AConnection(Warehouse())
        .WithDefault(DatabaseRole("database", "sales.ro"));
  }
  std::string Pgpass() const { return Read("files/sales.warehouse/pgpass"); }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_.File(name));
    if (!file) return "(none)";
    return {std::istreambuf_iterator<char>(file), {}};
  }
  int64_t Inode() const {
    struct stat info {};
    stat(folder_.File("files/sales.warehouse/pgpass").c_str(), &info);
    return static_cast<int64_t>(info.st_ino);
  }
  std::string Ready() { return h_->Health("/readyz").body; }

  ScratchDirectory folder_ = *ScratchDirectory::Create();
  FakeHttpClient client_;
  std::unique_ptr<sidecar::files::Store> store_;
  std::unique_ptr<Harness> h_;
};

TEST_F(KeeperTest, WritesBeforeTheApplicationStarts) {
  h_->Publish(ObjectsOf({Warehouse()}));
  EXPECT_THAT(Ready(), HasSubstr("Starting"));
  h_->Begin();
  EXPECT_EQ(Pgpass(), "dw.corp:5432:*:u:canary-5f3a\n");
  EXPECT_EQ(Ready(), "ok\n");
  EXPECT_TRUE(h_->log.Has("file written file=sales/warehouse=pgpass"));
  EXPECT_THAT(h_->Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(KeeperTest, TheDecisionLogHasEachFileWrittenAndRefused) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  const nlohmann::json written = h_->decisions.Last();
  EXPECT_EQ(written["kind"], "file");
  EXPECT_EQ(written["connection"], "sales/warehouse");
  EXPECT_EQ(written["slot"], "default");
  EXPECT_EQ(written["target"], "pgpass");
  EXPECT_EQ(written["outcome"], "Allow");
  EXPECT_NE(written["vaultRequestId"], nullptr);
  h_->Advance(minutes(2));  // looked at again, and not written
  EXPECT_EQ(h_->decisions.lines.size(), 1U);
  h_->Publish(ObjectsOf({}));
  h_->NextCheck();
  EXPECT_EQ(h_->decisions.Last()["kind"], "file");
  EXPECT_EQ(h_->decisions.Last()["outcome"], "Deny");
  EXPECT_EQ(h_->decisions.Last()["reason"], "NotVisible");
}

TEST_F(KeeperTest, RewritesWhenTheContentsChangedAndNotElse) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  const int64_t first = Inode();
  // A new version with the same secret is no change.
  h_->vault.PutSecret("secret/sales/warehouse", kCredential);
  h_->Advance(minutes(2));
  EXPECT_EQ(Inode(), first);
  h_->vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"u","password":"new"})");
  h_->Advance(minutes(2));
  EXPECT_THAT(Pgpass(), HasSubstr(":u:new\n"));
}

TEST_F(KeeperTest, RemovesWhatWasRevokedAndGivesItBack) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  h_->Publish(ObjectsOf({}));
  h_->NextCheck();
  EXPECT_EQ(Pgpass(), "(none)");
  EXPECT_TRUE(
      h_->log.Has("file removed file=sales/warehouse=pgpass "
                  "reason=NotVisible"));
  EXPECT_EQ(Ready(), "ok\n");
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->NextCheck();
  EXPECT_THAT(Pgpass(), HasSubstr(":u:canary"));
}

TEST_F(KeeperTest, RemovesWhatBecameServerSideOnly) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  h_->Publish(ObjectsOf({AConnection(Warehouse()).ServerSideOnly(true)}));
  h_->NextCheck();
  EXPECT_EQ(Pgpass(), "(none)");
  EXPECT_TRUE(h_->log.Has("reason=ServerSideOnly"));
}

TEST_F(KeeperTest, NeverWritesWhatIsServerSideOnly) {
  h_->Publish(ObjectsOf({AConnection(Warehouse()).ServerSideOnly(true)}));
  h_->Begin();
  EXPECT_EQ(Pgpass(), "(none)");
  EXPECT_TRUE(
      h_->log.Has("file not written file=sales/warehouse=pgpass "
                  "reason=ServerSideOnly"));
  // It will not come by waiting, so the application may start.
  EXPECT_EQ(Ready(), "ok\n");
}

TEST_F(KeeperTest, RemovesAtTheEndOfAWindow) {
  const Time end = h_->clock.Now() + hours(1);
  auto connection = AConnection("sales/warehouse")
                        .ReadableBy(model::SecretReaders::kUsers)
                        .ServerSideOnly(false)
                        .WithDefault(Kv2("secret", "sales/warehouse"));
  h_->Publish(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                           .To(Account("reports/nightly"))
                                           .Allowing({model::Privilege::kUse})
                                           .Until(end)}));
  h_->Begin();
  ASSERT_THAT(Pgpass(), HasSubstr("canary"));
  while (h_->clock.Now() + seconds(1) < end) h_->Advance(seconds(1));
  EXPECT_THAT(Pgpass(), HasSubstr("canary"));
  h_->Advance(seconds(1));
  EXPECT_EQ(Pgpass(), "(none)");
}

TEST_F(KeeperTest, KeepsTheFileThroughAnOutageUntilTheCredentialsEnd) {
  h_->vault.leases().AddDynamic("database/creds/sales.ro",
                                {minutes(20), hours(24), true});
  h_->Publish(ObjectsOf({Database()}));
  h_->Begin();
  const std::string first = Pgpass();
  ASSERT_THAT(first, HasSubstr("user-1"));
  h_->vault.FailWith(ErrorCode::kUnavailable);
  for (int i = 0; i < 19 * 60; ++i) {
    h_->Advance(seconds(1));
    ASSERT_EQ(Pgpass(), first) << i;
  }
  for (int i = 0; i < 60; ++i) h_->Advance(seconds(1));
  EXPECT_EQ(Pgpass(), "(none)");
  EXPECT_TRUE(h_->log.Has("its credential expired and could not be renewed"));
  h_->vault.FailWith(std::nullopt);
  h_->Advance(minutes(2));
  EXPECT_THAT(Pgpass(), HasSubstr("user-2"));
}

TEST_F(KeeperTest, HoldsAWorkingUserThroughEveryRotation) {
  auto& leases = h_->vault.leases();
  leases.AddDynamic("database/creds/sales.ro",
                    {minutes(10), minutes(30), true});
  h_->Publish(ObjectsOf({Database()}));
  h_->Begin();
  std::set<std::string> users;
  for (int i = 0; i < 5 * 360; ++i) {
    h_->Advance(seconds(10));
    const std::string line = Pgpass();
    const size_t at = line.find("user-");
    ASSERT_NE(at, std::string::npos) << i;
    const std::string user = line.substr(at, line.find(':', at) - at);
    ASSERT_TRUE(leases.Works(user)) << user;
    users.insert(user);
  }
  EXPECT_GE(users.size(), 10U);
}

TEST_F(KeeperTest, RemovesAllAtItsEndAndWritesNoneAfterIt) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  h_->core.End();
  EXPECT_EQ(Pgpass(), "(none)");
  h_->Advance(minutes(1));
  EXPECT_EQ(Pgpass(), "(none)");
}

TEST_F(KeeperTest, LeavesAnInheritedFileForAMinuteWhileVaultIsAway) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  Make("sales/warehouse=pgpass");  // as after SIGKILL
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->vault.FailWith(ErrorCode::kUnavailable);
  h_->Begin();
  for (int i = 0; i < 55; ++i) h_->Advance(seconds(1));
  EXPECT_THAT(Pgpass(), HasSubstr("canary"));
  EXPECT_THAT(Ready(), HasSubstr("Starting"));
  for (int i = 0; i < 15; ++i) h_->Advance(seconds(1));
  EXPECT_EQ(Pgpass(), "(none)");
}

TEST_F(KeeperTest, RemovesAnInheritedFileThatIsNotItsOwnersAnyMore) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  Make("sales/warehouse=pgpass");
  h_->Publish(ObjectsOf({}));
  h_->Begin();
  EXPECT_EQ(Pgpass(), "(none)");
}

TEST_F(KeeperTest, RemovesWhatItsFormatCannotHold) {
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  h_->vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"u","password":"canary-5f3a\nx"})");
  h_->Advance(minutes(2));
  EXPECT_EQ(Pgpass(), "(none)");
  EXPECT_TRUE(
      h_->log.Has("reason=NotRepresentable detail=the format pgpass: "
                  "password has letters"));
  EXPECT_THAT(h_->Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(KeeperTest, WritesABindingForTheLibrariesThatKnowThem) {
  Make("sales/warehouse=service-binding,sales/warehouse=json");
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  EXPECT_EQ(Read("bindings/sales.warehouse/type"), "postgresql");
  EXPECT_EQ(Read("bindings/sales.warehouse/username"), "u");
  EXPECT_EQ(Read("bindings/sales.warehouse/password"), "canary-5f3a");
  EXPECT_THAT(Read("files/sales.warehouse/credential.json"),
              HasSubstr("\"username\":\"u\""));
  EXPECT_EQ(Pgpass(), "(none)");
}

TEST_F(KeeperTest, RefusesToStartWithoutAPlace) {
  sidecar::Settings settings = Harness::DefaultSettings();
  settings.files.wanted = *providers::ParseFileWishes("sales/warehouse=env");
  Harness nowhere(settings);
  EXPECT_EQ(nowhere.core.Begin().error().code, ErrorCode::kInvalidArgument);
  const auto on_disk = MakeVolumeStore(
      {folder_.File("x"), folder_.File("y"), 0400}, [](int) { return false; });
  Harness disk(settings, on_disk.get());
  EXPECT_THAT(disk.core.Begin().error().message, HasSubstr("memory volume"));
}

TEST_F(KeeperTest, TellsTheApplicationOfChangesOnce) {
  Make("sales/warehouse=pgpass,sales/warehouse=env", "8080/reload");
  client_.Answer(204, "");
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  EXPECT_THAT(client_.seen(), SizeIs(0));
  h_->Advance(seconds(2));
  ASSERT_THAT(client_.seen(), SizeIs(1));
  const FakeHttpClient::Seen call = client_.seen().front();
  EXPECT_EQ(call.method, http::Method::kPost);
  EXPECT_EQ(call.url, "http://127.0.0.1:8080/reload");
  EXPECT_EQ(call.body,
            R"({"changed":["sales/warehouse=env","sales/warehouse=pgpass"]})");
  h_->Advance(minutes(5));
  EXPECT_THAT(client_.seen(), SizeIs(1));
}

TEST_F(KeeperTest, TriesAFewTimesToTell) {
  Make("sales/warehouse=pgpass", "8080/reload");
  client_.Answer(503, "");
  client_.Break(ErrorCode::kUnavailable, "nobody listens");
  client_.Answer(200, "");
  h_->Publish(ObjectsOf({Warehouse()}));
  h_->Begin();
  for (int i = 0; i < 600; ++i) h_->Advance(seconds(1));
  EXPECT_THAT(client_.seen(), SizeIs(3));
  // Now nobody answers: six attempts, then it is left at that.
  h_->vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"u","password":"new"})");
  for (int i = 0; i < 600; ++i) h_->Advance(seconds(1));
  EXPECT_THAT(client_.seen(), SizeIs(9));
  EXPECT_TRUE(h_->log.Has("the application was not told of changed files"));
}

}  // namespace
}  // namespace claviger::testing
