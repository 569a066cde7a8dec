// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "http/curl_client.h"
#include "http/server.h"
#include "support/certificates.h"
#include "support/http_call.h"
#include "support/scratch_directory.h"
#include "unit/http/raw_client.h"

namespace claviger::http {
namespace {

using claviger::testing::CertificateAuthority;
using claviger::testing::HttpCall;
using claviger::testing::SendHttp;
using std::chrono::milliseconds;
using testing::RawClient;

CertificateAuthority NewAuthority() {
  auto authority = CertificateAuthority::Create("claviger test");
  EXPECT_TRUE(authority);
  return *std::move(authority);
}

class ServerTlsTest : public ::testing::Test {
 protected:
  ServerTlsTest()
      : directory_(*claviger::testing::ScratchDirectory::Create()),
        store_(std::make_shared<CertificateStore>()) {
    limits_.handshake_deadline = milliseconds(200);
    limits_.max_body_bytes = size_t{3} << 20U;
  }
  ~ServerTlsTest() override {
    if (!server_) return;
    server_->Stop(milliseconds(0));
    thread_.join();
  }

  void Start() {
    server_ = MakeServer(limits_, log_);
    auto port = server_->ListenTls(
        "127.0.0.1", 0, store_,
        [](const ServerRequest& request,
           const std::shared_ptr<Responder>& responder) {
          ServerResponse response;
          response.body = request.method + "|" + request.body;
          responder->Send(std::move(response));
        });
    ASSERT_TRUE(port);
    port_ = *port;
    thread_ = std::thread([this] { server_->Run(); });
  }

  /// Shows a certificate of `authority`; the file that clients trust.
  std::string Show(const CertificateAuthority& authority) {
    const auto leaf = authority.IssueForLoopback();
    EXPECT_TRUE(
        store_->Set(leaf->certificate_pem, Secret(std::string(leaf->key_pem))));
    const std::string name = "ca-" + std::to_string(++files_);
    return *directory_.Write(name, authority.certificate_pem());
  }

  HttpCall CallTrusting(const std::string& ca_file,
                        const std::string& body = "") const {
    HttpCall call;
    call.method = body.empty() ? "GET" : "POST";
    call.url = "https://127.0.0.1:" + std::to_string(port_) + "/";
    call.ca_file = ca_file;
    call.body = body;
    return call;
  }

  claviger::testing::ScratchDirectory directory_;
  std::shared_ptr<CertificateStore> store_;
  ServerLimits limits_;
  NullLogger log_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  uint16_t port_ = 0;
  int files_ = 0;
};

TEST_F(ServerTlsTest, AnswersOverTls) {
  const std::string ca = Show(NewAuthority());
  Start();
  const auto answer = SendHttp(CallTrusting(ca));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "GET|");
}

TEST_F(ServerTlsTest, CarriesBodiesOfMegabytesBothWays) {
  const std::string ca = Show(NewAuthority());
  Start();
  const std::string body(size_t{2} << 20U, 'x');
  const auto answer = SendHttp(CallTrusting(ca, body));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "POST|" + body);
}

TEST_F(ServerTlsTest, ShowsTheNewestCertificateAndKeepsConnections) {
  const std::string old_ca = Show(NewAuthority());
  Start();
  CurlSettings settings;
  settings.ca_file = old_ca;
  auto standing = MakeCurlClient(settings);
  ASSERT_TRUE(standing);
  ClientRequest request;
  request.url = CallTrusting(old_ca).url;
  ASSERT_TRUE((*standing)->Send(request));
  const std::string new_ca = Show(NewAuthority());
  EXPECT_TRUE((*standing)->Send(request)) << "a standing connection was lost";
  EXPECT_TRUE(SendHttp(CallTrusting(new_ca)));
  EXPECT_FALSE(SendHttp(CallTrusting(old_ca)));
}

TEST_F(ServerTlsTest, RefusesHandshakesWithoutACertificate) {
  Start();
  RawClient client = RawClient::ToTcp(port_);
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ServerTlsTest, DropsAClientThatDoesNotFinishItsHandshake) {
  Show(NewAuthority());
  Start();
  RawClient silent = RawClient::ToTcp(port_);
  RawClient slow = RawClient::ToTcp(port_);
  slow.Send(std::string("\x16\x03\x01\x02\x00", 5));
  EXPECT_TRUE(silent.IsClosed());
  EXPECT_TRUE(slow.IsClosed());
}

TEST_F(ServerTlsTest, SaysNothingInPlainTextToAPlainClient) {
  Show(NewAuthority());
  Start();
  RawClient client = RawClient::ToTcp(port_);
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(client.Read());
}

TEST_F(ServerTlsTest, RefusesTls11) {
  Show(NewAuthority());
  Start();
  RawClient client = RawClient::ToTcp(port_);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, client.fd());
  EXPECT_NE(SSL_connect(ssl), 1);
  SSL_free(ssl);
  SSL_CTX_free(context);
}

TEST(CertificateStoreTest, KeepsWhatItHasWhenTheNewOneIsNoGood) {
  const CertificateAuthority authority = NewAuthority();
  const auto a = authority.IssueForLoopback();
  const auto b = authority.IssueForLoopback();
  CertificateStore store;
  EXPECT_TRUE(store.empty());
  EXPECT_FALSE(store.Set(a->certificate_pem, Secret(std::string(b->key_pem))));
  EXPECT_FALSE(store.Set("no PEM", Secret(std::string(a->key_pem))));
  EXPECT_FALSE(store.Set(a->certificate_pem, Secret("no PEM")));
  EXPECT_TRUE(store.empty());
  EXPECT_TRUE(store.Set(a->certificate_pem, Secret(std::string(a->key_pem))));
  EXPECT_FALSE(store.Set("no PEM", Secret("no PEM")));
  EXPECT_FALSE(store.empty());
}

}  // namespace
}  // namespace claviger::http
