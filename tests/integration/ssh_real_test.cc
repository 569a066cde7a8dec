// SPDX-License-Identifier: Apache-2.0
//
// Certificates of Vault's SSH engine through a sidecar, as OpenSSH reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "integration/sidecar_bed.h"
#include "support/real_servers.h"
#include "support/run.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const model::ObjectRef kNightly{"reports", "nightly"};

model::VaultRef Role(const std::string& role) {
  model::VaultRef ref;
  ref.engine = model::Engine::kSsh;
  ref.mount = "ssh";
  ref.role = role;
  return ref;
}

class SshTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = SidecarBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = std::move(bed->release());
    ASSERT_EQ(Write("sys/mounts/ssh", {{"type", "ssh"}}), 204);
    ASSERT_EQ(Write("ssh/config/ca",
                    {{"generate_signing_key", true}, {"key_type", "ed25519"}}),
              200);
    for (const char* role : {"deploy", "other"}) {
      ASSERT_EQ(Write(std::string("ssh/roles/") + role,
                      {{"key_type", "ca"},
                       {"allow_user_certificates", true},
                       {"default_user", role},
                       {"allowed_users", role},
                       {"ttl", "30m"},
                       {"default_extensions", {{"permit-pty", ""}}}}),
                204);
    }
  }
  static void TearDownTestSuite() { delete std::exchange(bed_, nullptr); }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "no Vault here";
  }
  void TearDown() override {
    if (bed_ != nullptr) bed_->StopAll();
  }

  static int Write(const std::string& path, const json& body,
                   const Secret* token = nullptr) {
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = path;
    call.body = body.dump();
    call.token = token == nullptr ? &bed_->root() : token;
    const auto answer = bed_->api().Do(call);
    if (answer) return answer->status;
    return answer.error().code == ErrorCode::kPermissionDenied ? 403 : 0;
  }

  // What ssh-keygen prints of a file that holds `text`.
  static std::string Keygen(std::vector<std::string> how,
                            const std::string& text) {
    const std::string path = bed_->Folder() + "/key";
    EXPECT_TRUE(WriteFileAtomically(path, text, 0600));
    ProcessOptions options;
    options.argv = {"ssh-keygen"};
    options.argv.insert(options.argv.end(), how.begin(), how.end());
    options.argv.push_back("-f");
    options.argv.push_back(path);
    const auto ran = RunToEnd(std::move(options));
    if (!ran) return ran.error().message;
    EXPECT_EQ(ran->exit_code, 0) << ran->err;
    return ran->out;
  }

  static SidecarBed* bed_;
};
SidecarBed* SshTest::bed_ = nullptr;

TEST_F(SshTest, GivesAKeyAndItsCertificateThatOpenSshTakes) {
  model::Objects objects;
  objects.connections = {AConnection("sales/hosts")
                             .OnProvider("ssh", "ssh-cert")
                             .Disclosable()
                             .WithDefault(Role("deploy"))};
  objects.grants = {AGrant("sales/nightly", "hosts")
                        .To(Account("reports/nightly"))
                        .Allowing({model::Privilege::kUse})};
  bed_->Reconcile(std::move(objects));
  const SocketAnswer answer = SidecarBed::GetUntil(
      bed_->Run(kNightly), "/v1/connections/sales/hosts/credential",
      [](const SocketAnswer& one) { return one.status == 200; });
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json data = json::parse(answer.body)["data"];
  EXPECT_EQ(data["username"], "deploy");

  const std::string certificate = Keygen({"-L"}, data["signed_key"]);
  EXPECT_THAT(certificate,
              HasSubstr("ssh-ed25519-cert-v01@openssh.com user certificate"));
  EXPECT_THAT(certificate, HasSubstr("                deploy\n"));
  const std::string key =
      Keygen({"-y", "-P", ""}, data["private_key"].get<std::string>());
  EXPECT_THAT(key, StartsWith("ssh-ed25519 "));
  // "256 SHA256:... no comment (ED25519)" of the key, and within "Public key:
  // ED25519-CERT SHA256:..." of the certificate.
  const std::string print = Keygen({"-l"}, key);
  const std::string digest = print.substr(print.find("SHA256:"), 50);
  EXPECT_THAT(certificate, HasSubstr(digest));
}

TEST_F(SshTest, TheAccountMaySignByItsOwnRoleOnly) {
  const auto token = bed_->LogIn(kNightly);
  ASSERT_TRUE(token) << token.error().message;
  const json body = {{"public_key",
                      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDvEL44CkMoNOPqpcCK"
                      "KGSTDCnnQZGLXZJ6nWCfA9oHn"}};
  EXPECT_EQ(Write("ssh/sign/deploy", body, &*token), 200);
  EXPECT_EQ(Write("ssh/sign/other", body, &*token), 403);
}

}  // namespace
}  // namespace claviger::testing
