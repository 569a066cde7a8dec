// SPDX-License-Identifier: Apache-2.0
#include "vault/error.h"

#include <gtest/gtest.h>

namespace claviger::vault {
namespace {

using std::chrono::milliseconds;

Call WriteTo(std::string path) {
  Call call;
  call.verb = Verb::kWrite;
  call.path = std::move(path);
  return call;
}

Call ReadOf(std::string path) {
  Call call;
  call.path = std::move(path);
  return call;
}

http::ClientResponse Response(int status, std::string body = R"({"errors":[]})",
                              std::vector<http::Header> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

struct StatusCase {
  int status;
  const char* body;
  const char* code;
};

// The whole table of docs/reference/vault-errors.md.
TEST(ErrorTest, ClassifiesEachStatusOnce) {
  static constexpr char kNone[] = R"({"errors":[]})";
  for (
      const StatusCase& row : std::vector<StatusCase>{
          {301, "", "redirected"},
          {302, kNone, "redirected"},
          {307, "", "redirected"},
          {308, "", "redirected"},
          {400, kNone, "invalid_argument"},
          {400, "not JSON", "invalid_argument"},
          {400,
           R"({"errors":["check-and-set parameter did not match the current version"]})",
           "conflict"},
          {400,
           R"({"errors":["check-and-set parameter required for this call"]})",
           "invalid_argument"},
          {401, kNone, "unauthenticated"},
          {403, R"({"errors":["permission denied"]})", "permission_denied"},
          {403, "<html>", "permission_denied"},
          {404, kNone, "not_found"},
          {404, R"({"data":{"data":null,"metadata":{}}})", "not_found"},
          {404, R"({"errors":["no handler for route \"x\""]})", "not_found"},
          {404, "<html>no such page</html>", "malformed"},
          {404, "", "malformed"},
          {405, kNone, "unsupported"},
          {408, kNone, "unavailable"},
          {412, kNone, "unavailable"},
          {413, kNone, "too_large"},
          {418, kNone, "invalid_argument"},
          {429, kNone, "rate_limited"},
          {472, kNone, "unavailable"},
          {473, kNone, "unavailable"},
          {500, kNone, "unavailable"},
          {501, kNone, "unsupported"},
          {502, "<html>", "unavailable"},
          {503, R"({"errors":["Vault is sealed"]})", "sealed"},
          {503, R"({"errors":["standby"]})", "unavailable"},
          {503, "sealed, says a proxy", "unavailable"},
          {504, "", "unavailable"},
          {599, kNone, "unavailable"},
          {0, kNone, "malformed"},
          {101, kNone, "malformed"},
          {600, kNone, "malformed"},
      }) {
    const auto answer =
        Classify(ReadOf("secret/data/a"), Response(row.status, row.body));
    ASSERT_FALSE(answer) << row.status;
    EXPECT_EQ(ToString(answer.error().code), row.code)
        << row.status << " " << row.body;
  }
}

TEST(ErrorTest, TakesEmptyAndObjectBodiesOf2xxForAnswers) {
  for (const char* body : {"", "\n", "{}", " {\"data\":{}}\n"}) {
    const auto answer = Classify(WriteTo("a/b"), Response(200, body));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body);
  }
  EXPECT_EQ(Classify(WriteTo("a/b"), Response(204, ""))->status, 204);
}

TEST(ErrorTest, DoesNotTakeAProxysPageForSuccess) {
  for (const char* body :
       {"<html>ok</html>", "[]", "\"ok\"", "{\"data\":", "1"}) {
    const auto answer = Classify(WriteTo("a/b"), Response(200, body));
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::kMalformed);
    EXPECT_EQ(answer.error().message,
              "write a/b: the answer is not vault's (status 200)");
  }
}

TEST(ErrorTest, LeavesTheStatusesOfHealthToItsReader) {
  for (const int status : {200, 429, 472, 473, 501, 503}) {
    const auto answer =
        Classify(ReadOf("sys/health"), Response(status, R"({"sealed":true})"));
    ASSERT_TRUE(answer) << status;
    EXPECT_EQ(answer->status, status);
  }
  const auto proxy = Classify(ReadOf("sys/health"), Response(503, ""));
  ASSERT_FALSE(proxy);
  EXPECT_EQ(proxy.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(Classify(ReadOf("sys/health"), Response(500, "{}")));
}

TEST(ErrorTest, NamesVerbPathAndStatus) {
  const auto answer = Classify(ReadOf("secret/data/a"), Response(403));
  EXPECT_EQ(answer.error().message,
            "read secret/data/a: permission denied by vault (status 403)");
}

TEST(ErrorTest, QuotesVaultOnlyWhereNoSecretCanBe) {
  const std::string body = R"({"errors":["failed to parse: canary-7"]})";
  const auto shown =
      Classify(WriteTo("sys/policies/acl/p"), Response(400, body));
  EXPECT_EQ(shown.error().message,
            "write sys/policies/acl/p: refused by vault (status 400): failed "
            "to parse: canary-7");
  for (const char* path :
       {"secret/data/a", "auth/kubernetes/login", "auth/token/create",
        "auth/kubernetes/config", "database/config/x", "sys/wrapping/unwrap",
        "sys/raw/x", "role/x"}) {
    const auto hidden = Classify(WriteTo(path), Response(400, body));
    EXPECT_EQ(hidden.error().message.find("canary-7"), std::string::npos)
        << path;
  }
  const auto other =
      Classify(WriteTo("sys/policies/acl/p"), Response(500, body));
  EXPECT_EQ(other.error().message.find("canary-7"), std::string::npos)
      << "only a 400 is about the request";
}

TEST(ErrorTest, QuotesOneShortLineOfPrintableAscii) {
  const auto message = [](const std::string& body) {
    return Classify(WriteTo("auth/k/role/r"), Response(400, body))
        .error()
        .message;
  };
  const std::string head =
      "write auth/k/role/r: refused by vault (status 400): ";
  EXPECT_EQ(message(R"({"errors":["a\n\t* b\u0007","\u001b[31mc","é"]})"),
            head + "a * b ; [31mc; ");
  const std::string longest =
      message(R"({"errors":[")" + std::string(5'000, 'x') + R"("]})");
  EXPECT_EQ(longest, head + std::string(300, 'x') + "...");
  EXPECT_EQ(message(R"({"errors":"text"})"),
            "write auth/k/role/r: refused by vault (status 400)");
}

TEST(ErrorTest, ReadsRetryAfterInSecondsAndCapsIt) {
  const auto retry_after = [](const char* value) {
    return Classify(ReadOf("a"), Response(429, "{}", {{"retry-after", value}}))
        .error()
        .retry_after;
  };
  EXPECT_EQ(retry_after("7"), milliseconds(7'000));
  EXPECT_EQ(retry_after("0"), milliseconds(0));
  EXPECT_EQ(retry_after("999999"), milliseconds(300'000));
  for (const char* odd : {"", "-1", "1.5", "soon", "99999999999999999999",
                          "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    EXPECT_EQ(retry_after(odd), std::nullopt) << odd;
  }
  EXPECT_EQ(Classify(ReadOf("a"), Response(429)).error().retry_after,
            std::nullopt);
}

TEST(ErrorTest, SaysThatAWriteWithoutAnswerMayHaveHappened) {
  const Error error{ErrorCode::kDeadlineExceeded, "no complete answer"};
  EXPECT_EQ(ClassifyTransport(WriteTo("a/b"), error).message,
            "write a/b: no complete answer; whether it took effect is unknown");
  Call deletion = WriteTo("a/b");
  deletion.verb = Verb::kDelete;
  EXPECT_EQ(
      ClassifyTransport(deletion, error).message,
      "delete a/b: no complete answer; whether it took effect is unknown");
  EXPECT_EQ(ClassifyTransport(ReadOf("a/b"), error).message,
            "read a/b: no complete answer");
  const Error refused{ErrorCode::kUnauthenticated, "certificate refused"};
  EXPECT_EQ(ClassifyTransport(WriteTo("a/b"), refused).message,
            "write a/b: certificate refused");
}

}  // namespace
}  // namespace claviger::vault
