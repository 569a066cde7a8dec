// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "http/curl_client.h"
#include "support/certificates.h"
#include "support/scratch_directory.h"
#include "support/tls_server.h"

namespace claviger::http {
namespace {

using testing::CertificateAuthority;
using testing::CertificateWish;
using testing::IssuedCertificate;
using testing::ScratchDirectory;
using testing::TlsServer;

class CurlClientTlsTest : public ::testing::Test {
 protected:
  Result<ClientResponse> Ask(const TlsServer& server,
                             const std::string& ca_pem) {
    const std::string ca_file = *files_.Write("ca.pem", ca_pem);
    auto client = MakeCurlClient({.ca_file = ca_file});
    if (!client) return Fail(client.error());
    ClientRequest request;
    request.url =
        "https://127.0.0.1:" + std::to_string(server.port()) + "/v1/x?q=1";
    return (*client)->Send(request);
  }

  TlsServer Serve(const IssuedCertificate& issued, int max_version = 0) {
    return TlsServer({issued.certificate_pem, issued.key_pem, max_version});
  }

  ScratchDirectory files_ = *ScratchDirectory::Create();
  CertificateAuthority ca_ = *CertificateAuthority::Create("trusted");
};

TEST_F(CurlClientTlsTest, TalksToAServerOfTheGivenAuthority) {
  const TlsServer server = Serve(*ca_.IssueForLoopback());
  const auto response = Ask(server, ca_.certificate_pem());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "{}");
}

TEST_F(CurlClientTlsTest, TakesAnyOfSeveralAuthoritiesInTheFile) {
  const auto other = *CertificateAuthority::Create("other");
  const TlsServer server = Serve(*ca_.IssueForLoopback());
  EXPECT_TRUE(Ask(server, other.certificate_pem() + ca_.certificate_pem()));
}

TEST_F(CurlClientTlsTest, RefusesAServerOfAnotherAuthority) {
  const auto other = *CertificateAuthority::Create("other");
  const TlsServer server = Serve(*other.IssueForLoopback());
  const auto response = Ask(server, ca_.certificate_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(response.error().message,
            "the certificate of 127.0.0.1:" + std::to_string(server.port()) +
                "/v1/x was refused: unable to get local issuer certificate");
  EXPECT_EQ(server.handshakes(), 0);
}

TEST_F(CurlClientTlsTest, TrustsNoUnknownAuthorityWithTheSystemsBundle) {
  const TlsServer server = Serve(*ca_.IssueForLoopback());
  const auto client = *MakeCurlClient({});
  ClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  for (int i = 0; i < 2; ++i) {
    const auto response = client->Send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(server.handshakes(), 0);
}

TEST_F(CurlClientTlsTest, RefusesACertificateForAnotherHost) {
  CertificateWish wish;
  wish.common_name = "elsewhere";
  wish.dns_names = {"elsewhere.test"};
  const TlsServer server = Serve(*ca_.Issue(wish));
  const auto response = Ask(server, ca_.certificate_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnauthenticated);
  EXPECT_NE(response.error().message.find("does not name this host"),
            std::string::npos)
      << response.error().message;
}

TEST_F(CurlClientTlsTest, RefusesTls11) {
  const TlsServer server = Serve(*ca_.IssueForLoopback(), TLS1_1_VERSION);
  const auto response = Ask(server, ca_.certificate_pem());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(server.handshakes(), 0);
}

TEST_F(CurlClientTlsTest, RefusesFilesWithoutAProperCertificate) {
  const auto make = [&](const std::string& pem) {
    const auto client = MakeCurlClient({.ca_file = *files_.Write("x", pem)});
    return client ? "made" : std::string(ToString(client.error().code));
  };
  EXPECT_EQ(make(""), "invalid_argument");
  EXPECT_EQ(make("no certificate"), "invalid_argument");
  EXPECT_EQ(make(ca_.certificate_pem().substr(0, 200)), "invalid_argument");
  EXPECT_EQ(make(ca_.certificate_pem()), "made");
  const auto by_text = [](const std::string& pem) {
    return MakeCurlClient({.ca_pem = pem}).has_value();
  };
  EXPECT_FALSE(by_text("no certificate"));
  EXPECT_TRUE(by_text(ca_.certificate_pem()));
  const auto absent = MakeCurlClient({.ca_file = files_.File("absent")});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace claviger::http
