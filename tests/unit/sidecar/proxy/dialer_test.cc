// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/dialer.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <optional>
#include <string>

#include "support/certificates.h"
#include "support/scripted_server.h"
#include "support/tls_server.h"

namespace claviger::sidecar::proxy {
namespace {

using Dialed = Result<std::unique_ptr<Stream>>;

AddressRules LoopbackAllowed() {
  AddressRules rules;
  rules.allowed = {*ParseAddressRange("127.0.0.0/8"),
                   *ParseAddressRange("::1")};
  return rules;
}

class DialerTest : public ::testing::Test {
 protected:
  // Resolves every name to `addresses`, and counts.
  Resolver Fixed(Addresses addresses) {
    return [this, addresses](const std::string&, auto done) {
      ++resolved_;
      loop_.Post([done, addresses] { done(addresses); });
    };
  }

  Dialed Connect(Dialer& dialer, const std::string& host, uint16_t port) {
    std::optional<Dialed> result;
    const auto attempt = dialer.Connect(
        host, port, [&](Dialed dialed) { result = std::move(dialed); });
    while (!result) loop_.io().run_one();
    return std::move(*result);
  }

  Dialed Secure(Dialer& dialer, std::unique_ptr<Stream> stream,
                const TlsClient& tls) {
    std::optional<Dialed> result;
    const auto attempt =
        dialer.Secure(std::move(stream), tls,
                      [&](Dialed dialed) { result = std::move(dialed); });
    while (!result) loop_.io().run_one();
    return std::move(*result);
  }

  // The whole way over TLS to `server` as `host`.
  Dialed ConnectTls(uint16_t port, const model::Tls& tls,
                    const std::string& host) {
    Dialer dialer(loop_, Fixed({*ParseIpAddress("127.0.0.1")}),
                  LoopbackAllowed());
    Dialed plain = Connect(dialer, host, port);
    if (!plain) return plain;
    client_.emplace(*TlsClient::Make(tls, host, {}, "http/1.1"));
    return Secure(dialer, *std::move(plain), *client_);
  }

  SystemClock clock_;
  Loop loop_{clock_};
  std::optional<TlsClient> client_;
  int resolved_ = 0;
};

TEST_F(DialerTest, ConnectsToACheckedAddressThatWasResolvedOnce) {
  testing::ScriptedServer server({testing::AnswerHttp(200, "hi")});
  Dialer dialer(loop_, Fixed({*ParseIpAddress("127.0.0.1")}),
                LoopbackAllowed());
  const Dialed stream = Connect(dialer, "api.corp", server.port());
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_TRUE((*stream)->open());
  EXPECT_EQ(resolved_, 1);
}

TEST_F(DialerTest, RefusesNamesThatStandForRefusedAddresses) {
  testing::ScriptedServer server({testing::AnswerHttp(200, "hi")});
  for (const char* address :
       {"127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "::1"}) {
    Dialer dialer(loop_, Fixed({*ParseIpAddress(address)}), {});
    const Dialed stream = Connect(dialer, "api.corp", server.port());
    ASSERT_FALSE(stream) << address;
    EXPECT_EQ(stream.error().code, ErrorCode::kPermissionDenied);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(DialerTest, RefusesLiteralAddressesLikeNames) {
  Dialer dialer(loop_, Fixed({*ParseIpAddress("10.0.0.1")}), {});
  for (const char* host : {"127.0.0.1", "::ffff:127.0.0.1", "::1"}) {
    const Dialed stream = Connect(dialer, host, 443);
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, ErrorCode::kPermissionDenied);
  }
  EXPECT_EQ(resolved_, 0);
}

// inet_aton and getaddrinfo read these as 127.0.0.1.
TEST_F(DialerTest, ChecksWhatTheSystemMakesOfOddNumbers) {
  Dialer dialer(loop_, MakeSystemResolver(loop_), {});
  for (const char* host : {"2130706433", "0x7f000001", "127.1", "localhost"}) {
    const Dialed stream = Connect(dialer, host, 443);
    ASSERT_FALSE(stream) << host;
    EXPECT_EQ(stream.error().code, ErrorCode::kPermissionDenied) << host;
  }
}

TEST_F(DialerTest, TakesTheNextAddressWhereOneDoesNotListen) {
  testing::ScriptedServer server({testing::AnswerHttp(200, "hi")});
  Dialer dialer(
      loop_,
      Fixed({*ParseIpAddress("127.0.0.2"), *ParseIpAddress("169.254.1.1"),
             *ParseIpAddress("127.0.0.1")}),
      LoopbackAllowed());
  EXPECT_TRUE(Connect(dialer, "api.corp", server.port()));
}

TEST_F(DialerTest, GivesUpOnANameThatIsNotResolvedInTime) {
  DialDeadlines soon;
  soon.resolve = std::chrono::milliseconds(1);
  std::function<void(Result<Addresses>)> late;
  Dialer dialer(
      loop_, [&](const std::string&, auto done) { late = done; }, {}, soon);
  const Dialed stream = Connect(dialer, "api.corp", 443);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::kDeadlineExceeded);
  late(Addresses{*ParseIpAddress("10.0.0.1")});  // changes nothing any more
}

TEST_F(DialerTest, VerifiesTheServerByTheConnectionsAuthoritiesAndName) {
  const auto authority = *testing::CertificateAuthority::Create("ours");
  const auto other = *testing::CertificateAuthority::Create("other");
  testing::CertificateWish wish;
  wish.common_name = "api";
  wish.dns_names = {"api.corp"};
  const auto issued = *authority.Issue(wish);
  testing::TlsServer server({issued.certificate_pem, issued.key_pem, 0});

  model::Tls tls;
  tls.ca_bundle = authority.certificate_pem();
  {
    // The server takes one connection at a time.
    const Dialed good = ConnectTls(server.port(), tls, "api.corp");
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(ServerEndPoint(*(*good)->tls()).size(), 32U);
  }

  const Dialed other_name = ConnectTls(server.port(), tls, "evil.corp");
  ASSERT_FALSE(other_name);
  EXPECT_EQ(other_name.error().code, ErrorCode::kUnauthenticated);

  tls.ca_bundle = other.certificate_pem();
  const Dialed other_authority = ConnectTls(server.port(), tls, "api.corp");
  ASSERT_FALSE(other_authority);
  EXPECT_EQ(other_authority.error().code, ErrorCode::kUnauthenticated);

  tls.ca_bundle = authority.certificate_pem();
  tls.server_name = "api.corp";
  EXPECT_TRUE(ConnectTls(server.port(), tls, "10-0-0-1.nodes.corp"));
}

TEST_F(DialerTest, RefusesOldVersionsOfTls) {
  const auto authority = *testing::CertificateAuthority::Create("ours");
  const auto issued = *authority.IssueForLoopback();
  testing::TlsServer server(
      {issued.certificate_pem, issued.key_pem, TLS1_1_VERSION});
  model::Tls tls;
  tls.ca_bundle = authority.certificate_pem();
  const Dialed stream = ConnectTls(server.port(), tls, "localhost");
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(DialerTest, EndsAHandshakeWithAServerThatSaysNothing) {
  testing::ScriptedServer server({testing::Hang()});
  DialDeadlines soon;
  soon.handshake = std::chrono::milliseconds(5);
  Dialer dialer(loop_, Fixed({*ParseIpAddress("127.0.0.1")}), LoopbackAllowed(),
                soon);
  Dialed plain = Connect(dialer, "api.corp", server.port());
  ASSERT_TRUE(plain);
  model::Tls tls;
  tls.mode = "require";
  const TlsClient client = *TlsClient::Make(tls, "api.corp", {}, "");
  const Dialed stream = Secure(dialer, *std::move(plain), client);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(DialerTest, RefusesAClientCertificateWithoutItsKey) {
  ClientCertificate certificate;
  certificate.chain = Secret(std::string("nonsense"));
  const auto client = TlsClient::Make({}, "api.corp", certificate, "");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace claviger::sidecar::proxy
