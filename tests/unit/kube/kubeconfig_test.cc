// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/file.h"
#include "support/scratch_directory.h"

namespace claviger::kube {
namespace {

using testing::ScratchDirectory;

class KubeconfigTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = directory_.File(name);
    EXPECT_TRUE(WriteFileAtomically(path, text, 0600));
    return path;
  }

  // A file with one context, whose cluster and user hold these lines.
  std::string Config(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
           "contexts:\n- name: here\n  context: {cluster: c, user: u, "
           "namespace: ops}\n"
           "clusters:\n- name: c\n  cluster:\n    server: "
           "https://10.0.0.1:6443\n" +
           cluster + "users:\n- name: u\n  user:\n" + user;
  }
  Result<Cluster> Read(const std::string& text,
                       const std::string& context = "") {
    return ReadKubeconfig(Write("config", text), context);
  }
  std::string Why(const std::string& cluster, const std::string& user) {
    const auto read = Read(Config(cluster, user));
    if (read) return "ok";
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    const std::string start =
        "read the kubeconfig " + directory_.File("config") + ": ";
    EXPECT_EQ(read.error().message.rfind(start, 0), 0U);
    return read.error().message.substr(start.size());
  }
  static std::string Data(const std::string& key, const std::string& bytes) {
    return "    " + key + "-data: " + Base64Encode(bytes) + "\n";
  }

  const std::string kCa = Data("certificate-authority", "the CA ~~~???");
  const std::string kToken = "    token: t0p\n";
  ScratchDirectory directory_ = *ScratchDirectory::Create();
};

TEST_F(KubeconfigTest, ReadsDataAndToken) {
  const auto read = Read(Config(kCa, kToken));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server, "https://10.0.0.1:6443");
  EXPECT_EQ(read->ca_pem, "the CA ~~~???");
  EXPECT_EQ(read->token.Reveal(), "t0p");
  EXPECT_EQ(read->ns, "ops");
}

TEST_F(KubeconfigTest, ReadsFilesBesideIt) {
  Write("ca.crt", "the CA");
  Write("me.crt", "the certificate");
  Write("me.key", "the key");
  const auto read = Read(Config("    certificate-authority: ca.crt\n",
                                "    client-certificate: me.crt\n"
                                "    client-key: me.key\n"
                                "    tokenFile: token\n    token: unused\n"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->ca_file, directory_.File("ca.crt"));
  EXPECT_EQ(read->ca_pem, "");
  EXPECT_EQ(read->client_certificate_pem, "the certificate");
  EXPECT_EQ(read->client_key_pem.Reveal(), "the key");
  EXPECT_EQ(read->token_file, directory_.File("token"));
  EXPECT_TRUE(read->token.empty());
}

TEST_F(KubeconfigTest, ReadsACertificateInTheFileItself) {
  const auto read = Read(Config(
      kCa, Data("client-certificate", "crt") + Data("client-key", "key")));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->client_certificate_pem, "crt");
  EXPECT_EQ(read->client_key_pem.Reveal(), "key");
}

TEST_F(KubeconfigTest, TakesTheContextThatIsAskedFor) {
  std::string text = Config(kCa, kToken);
  text += "- name: v\n  user:\n    token: other\n";
  text.replace(text.find("contexts:\n"), 10,
               "contexts:\n- {name: there, context: {cluster: c, user: v}}\n");
  EXPECT_EQ(Read(text)->token.Reveal(), "t0p");
  EXPECT_EQ(Read(text, "there")->token.Reveal(), "other");
  EXPECT_EQ(Read(text, "nowhere").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(KubeconfigTest, RunsNoProgramAndSaysWhatToDoInstead) {
  EXPECT_EQ(Why(kCa, "    exec: {command: aws, args: [eks]}\n"),
            "user \"u\": exec is not supported: no program is run: put a token "
            "into tokenFile, or use a client certificate");
  EXPECT_EQ(Why(kCa, kToken + "    auth-provider: {name: gcp}\n"),
            "user \"u\": auth-provider is not supported: put a token into "
            "tokenFile, or use a client certificate");
}

TEST_F(KubeconfigTest, RefusesWhatWouldWeakenOrRedirect) {
  EXPECT_EQ(Why(kCa + "    insecure-skip-tls-verify: true\n", kToken),
            "cluster \"c\": insecure-skip-tls-verify is not supported: give "
            "the server's authority in certificate-authority");
  EXPECT_EQ(Why(kCa + "    insecure-skip-tls-verify: false\n", kToken), "ok");
  for (const char* line : {"tls-server-name: x", "proxy-url: http://x"}) {
    EXPECT_NE(Why(kCa + "    " + line + "\n", kToken), "ok") << line;
  }
  for (const char* line : {"username: x", "password: x", "as: root",
                           "as-groups: [system:masters]"}) {
    EXPECT_NE(Why(kCa, kToken + "    " + line + "\n"), "ok") << line;
  }
}

TEST_F(KubeconfigTest, WantsAnAuthorityOfTheClustersOwn) {
  EXPECT_EQ(Why("", kToken),
            "cluster \"c\": certificate-authority is missing: the system's own "
            "authorities are not trusted");
  EXPECT_NE(Why("    certificate-authority: absent.crt\n", kToken), "ok");
  EXPECT_EQ(Why("    certificate-authority-data: '*'\n", kToken),
            "cluster \"c\": certificate-authority-data is not base64");
}

TEST_F(KubeconfigTest, WantsALogin) {
  EXPECT_EQ(Why(kCa, "    {}\n"),
            "user \"u\": neither token, tokenFile nor client-certificate is "
            "there");
  EXPECT_EQ(Why(kCa, Data("client-certificate", "crt")),
            "user \"u\": client-certificate and client-key go together");
}

TEST_F(KubeconfigTest, WantsHttps) {
  std::string text = Config(kCa, kToken);
  text.replace(text.find("https://"), 8, "http://");
  EXPECT_FALSE(Read(text));
}

TEST_F(KubeconfigTest, RefusesWhatIsNoKubeconfig) {
  const std::string good = Config(kCa, kToken);
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("[]"), std::string("{}"),
        std::string("current-context: here"), std::string("a: [\n"),
        std::string("\xff"), good + "---\n" + good,
        std::string("current-context: [here]\ncontexts: 3\n"),
        good + "- name: u\n  user:\n    token: second\n"}) {
    const auto read = Read(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(read.error().message.find("t0p"), std::string::npos);
  }
}

TEST_F(KubeconfigTest, IsBounded) {
  EXPECT_FALSE(Read(std::string(size_t{2} << 20U, ' ')));
  EXPECT_FALSE(Read(std::string(100'000, '[')));
  EXPECT_FALSE(ReadKubeconfig(directory_.File("absent")));
}

TEST_F(KubeconfigTest, ReadsAPodsServiceAccount) {
  Write("token", "t0p");
  Write("ca.crt", "the CA");
  Write("namespace", "ops");
  const std::string directory = directory_.File("");
  const auto read = InCluster(directory, "10.96.0.1", "443");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server, "https://10.96.0.1:443");
  EXPECT_EQ(read->ns, "ops");
  EXPECT_TRUE(read->token.empty());  // read again for each request
  EXPECT_EQ(InCluster(directory, "fd00::1", "443")->server,
            "https://[fd00::1]:443");
  for (const char* host : {"", "a/b", "x@y", "A"}) {
    EXPECT_FALSE(InCluster(directory, host, "443")) << host;
  }
  for (const char* port : {"", "44x", "443/", "123456"}) {
    EXPECT_FALSE(InCluster(directory, "10.96.0.1", port)) << port;
  }
}

TEST_F(KubeconfigTest, WantsAWholeServiceAccount) {
  const std::string directory = directory_.File("");
  EXPECT_FALSE(InCluster(directory, "10.96.0.1", "443"));
  Write("token", "t0p");
  Write("ca.crt", "the CA");
  EXPECT_FALSE(InCluster(directory, "10.96.0.1", "443"));
  Write("namespace", "../..");
  EXPECT_FALSE(InCluster(directory, "10.96.0.1", "443"));
}

}  // namespace
}  // namespace claviger::kube
