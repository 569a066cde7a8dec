// SPDX-License-Identifier: Apache-2.0
//
// Keys for Vault's SSH engine and the certificates it signs. That OpenSSH takes
// both is shown in tests/integration/ssh_real_test.cc.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "sidecar/engines/engines.h"
#include "sidecar/engines/ssh_key.h"
#include "sidecar/engines/ssh_wire.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "support/fake_vault_api.h"

namespace claviger::sidecar {
namespace {

using std::chrono::seconds;
using testing::FakeClock;
using testing::FakeRandom;
using testing::FakeVaultApi;

constexpr const char* kType = "ssh-ed25519-cert-v01@openssh.com";

// What a certificate of this kind says; a test spoils one thing of it.
struct Said {
  std::string type = kType;
  std::string half;
  uint32_t kind = 1;
  std::vector<std::string> principals = {"deploy", "root"};
  uint64_t before = 1'767'229'200;
};

void Number64(SshWriter& writer, uint64_t number) {
  writer.Number32(static_cast<uint32_t>(number >> 32U));
  writer.Number32(static_cast<uint32_t>(number & 0xFFFFFFFFU));
}

std::string BlobOf(const Said& said) {
  SshWriter principals;
  for (const std::string& name : said.principals) principals.Text(name);
  SshWriter blob;
  blob.Text(said.type);
  blob.Text("nonce");
  blob.Text(said.half);
  Number64(blob, 7);
  blob.Number32(said.kind);
  blob.Text("vault-reports");
  blob.Text(principals.Take());
  Number64(blob, 1'767'225'600);
  Number64(blob, said.before);
  blob.Text("");  // critical options
  blob.Text("");  // extensions
  blob.Text("");  // reserved
  blob.Text("the authority");
  blob.Text("its signature");
  return blob.Take();
}

std::string LineOf(const std::string& blob) {
  return std::string(kType) + " " + Base64Encode(blob) + "\n";
}

class SshKeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = MakeSshKey(random);
    ASSERT_TRUE(made) << made.error().message;
    key = *std::move(made);
    said.half = key.public_blob;
  }
  Result<SshCertificate> Read(const Said& certificate) const {
    return ReadSshCertificate(LineOf(BlobOf(certificate)), key);
  }
  std::string Refusal(const Said& certificate) const {
    const auto read = Read(certificate);
    return read ? "read" : read.error().message;
  }

  FakeRandom random;
  SshKey key;
  Said said;
};

TEST_F(SshKeyTest, EachIsAnotherKey) {
  const auto other = MakeSshKey(random);
  ASSERT_TRUE(other);
  EXPECT_NE(other->public_line, key.public_line);
  EXPECT_FALSE(other->private_key.Equals(key.private_key.Reveal()));
  EXPECT_EQ(key.public_line.substr(0, 16), "ssh-ed25519 AAAA");
  EXPECT_EQ(key.private_key.Reveal().substr(0, 36),
            "-----BEGIN OPENSSH PRIVATE KEY-----\n");
}

TEST_F(SshKeyTest, ACertificateSaysWhomItIsForAndUntilWhen) {
  const auto read = Read(said);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->principals, said.principals);
  EXPECT_EQ(read->valid_before, Time(seconds(1'767'229'200)));
}

TEST_F(SshKeyTest, RefusesWhatIsNoCertificateOfAUserForThisKey) {
  Said host = said;
  host.kind = 2;
  EXPECT_EQ(Refusal(host), "the signed key is a certificate for hosts");
  Said other = said;
  other.half.assign(32, 'x');
  EXPECT_EQ(Refusal(other), "the signed key is a certificate for another key");
  Said endless = said;
  endless.before = UINT64_MAX;
  EXPECT_EQ(Refusal(endless), "the signed key is a certificate without an end");
  Said inner = said;
  inner.type = "ssh-rsa-cert-v01@openssh.com";
  EXPECT_EQ(Refusal(inner), "the signed key is cut off, or no certificate");
  Said crowd = said;
  crowd.principals.assign(257, "a");
  EXPECT_EQ(Refusal(crowd), "the signed key is without readable principals");
  EXPECT_FALSE(ReadSshCertificate(key.public_line, key));
  EXPECT_FALSE(ReadSshCertificate("", key));
}

TEST_F(SshKeyTest, RefusesACertificateCutAnywhereBeforeItsEndIsSaid) {
  const std::string whole = BlobOf(said);
  const size_t tail = 4 * 3 + 4 + 13 + 4 + 13;  // what comes after valid_before
  for (size_t size = 0; size < whole.size() - tail; ++size) {
    EXPECT_FALSE(ReadSshCertificate(LineOf(whole.substr(0, size)), key))
        << size;
  }
  EXPECT_TRUE(
      ReadSshCertificate(LineOf(whole.substr(0, whole.size() - tail)), key));
}

// Answers as Vault does: by the public key that it is sent.
class SshEngineTest : public ::testing::Test {
 protected:
  Result<Obtained> Read(const std::function<void(Said&)>& spoil) {
    FakeRandom same;
    Said said;
    said.half = MakeSshKey(same)->public_blob;
    spoil(said);
    api.Answer(200, R"({"lease_id":"","lease_duration":0,"data":{
        "serial_number":"7","signed_key":")" +
                        std::string(kType) + " " + Base64Encode(BlobOf(said)) +
                        R"(\n"}})");
    model::VaultRef ref;
    ref.engine = model::Engine::kSsh;
    ref.mount = "ssh";
    ref.role = "deploy";
    return engines.Of(ref.engine).Read(ref, token);
  }

  FakeVaultApi api;
  FakeClock clock;
  FakeRandom random;
  Secret token{std::string("s.1")};
  Engines engines{api, clock, random, {"reports", "nightly"}};
};

TEST_F(SshEngineTest, SendsThePublicHalfAndGivesBothWithTheUser) {
  const auto read = Read([](Said&) {});
  ASSERT_TRUE(read) << read.error().message;
  const auto& fields = read->credential.fields;
  EXPECT_EQ(fields.at("username").Reveal(), "deploy");
  EXPECT_EQ(fields.at("serial_number").Reveal(), "7");
  FakeRandom same;
  const auto key = MakeSshKey(same);
  EXPECT_TRUE(fields.at("private_key").Equals(key->private_key.Reveal()));
  EXPECT_EQ(read->lifetime.ttl, seconds(3'600));
  EXPECT_FALSE(read->lifetime.renewable);
  const auto seen = api.seen().at(0);
  EXPECT_EQ(seen.path, "ssh/sign/deploy");
  EXPECT_EQ(seen.body, R"({"public_key":")" + key->public_line + R"("})");
}

TEST_F(SshEngineTest, ForNobodyInParticularThereIsNoUser) {
  const auto read = Read([](Said& said) { said.principals.clear(); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->credential.fields.count("username"), 0U);
}

TEST_F(SshEngineTest, WhatIsSignedForAnotherKeyIsRefused) {
  EXPECT_EQ(Read([](Said& said) { said.half.assign(32, 'x'); }).error().code,
            ErrorCode::kMalformed);
}

}  // namespace
}  // namespace claviger::sidecar
