// SPDX-License-Identifier: Apache-2.0
#include "unit/postgres/played_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "postgres/backend.h"
#include "postgres/wire.h"

namespace claviger::testing {

using postgres::Login;

std::string Message(char type, std::string_view body) {
  std::string message;
  postgres::AppendMessage(message, type, body);
  return message;
}

std::string Authentication(uint32_t kind, std::string_view data) {
  std::string body;
  postgres::AppendInt32(body, kind);
  return Message('R', body.append(data));
}

std::string SaslOffer(const std::vector<std::string>& mechanisms) {
  std::string list;
  for (const std::string& name : mechanisms) postgres::AppendText(list, name);
  list.push_back('\0');
  return Authentication(10, list);
}

std::string ParameterStatus(std::string_view name, std::string_view value) {
  std::string body;
  postgres::AppendText(body, name);
  postgres::AppendText(body, value);
  return Message('S', body);
}

std::string Refusal(std::string_view sqlstate, std::string_view message) {
  std::string body = "SFATAL";
  body.push_back('\0');
  if (!sqlstate.empty()) {
    body.push_back('C');
    postgres::AppendText(body, sqlstate);
  }
  body.push_back('M');
  postgres::AppendText(body, message);
  body.push_back('\0');
  return Message('E', body);
}

std::string Welcome(uint32_t pid, std::string_view key) {
  std::string out = ParameterStatus("server_version", "15.1");
  postgres::AppendBackendKey(out, pid, key);
  postgres::AppendReadyForQuery(out, 'I');
  return out;
}

std::string BodyOf(char type, std::string_view bytes) {
  const auto head = postgres::ReadHead(bytes);
  EXPECT_TRUE(head);
  if (!head) return "";
  EXPECT_EQ(head->type, type);
  EXPECT_EQ(bytes.size(), postgres::MessageHead::kSize + head->body_size);
  return std::string(bytes.substr(postgres::MessageHead::kSize));
}

postgres::LoginWish AWish() {
  postgres::LoginWish wish;
  wish.parameters = {{"user", "app"}, {"database", "dw"}};
  wish.password = Secret("pencil");
  return wish;
}

PlayedLogin::PlayedLogin(postgres::LoginWish wish)
    : login_(std::move(wish), random_) {}

Login::State PlayedLogin::Hear(std::string_view bytes) {
  sent_.clear();
  return login_.Feed(bytes, sent_);
}

postgres::LoginFault PlayedLogin::fault() { return login_.failure().fault; }

Login::State PlayedLogin::ProveBySCRAM(std::string_view password,
                                       int iterations) {
  const auto verifier =
      postgres::MakeScramVerifier(password, "saltsalt", iterations);
  postgres::ScramServer server(verifier, "servernonce");
  EXPECT_EQ(Hear(SaslOffer({"SCRAM-SHA-256"})), Login::State::kGoing);
  // The mechanism, a zero, the size, and then the message.
  constexpr size_t kBefore = 13 + 1 + 4;
  const auto first = server.OnClientFirst(BodyOf('p', sent_).substr(kBefore));
  EXPECT_TRUE(first);
  if (Hear(Authentication(11, first.value_or(""))) != Login::State::kGoing) {
    return Login::State::kFailed;
  }
  const auto final = server.OnClientFinal(BodyOf('p', sent_));
  if (!final) return Hear(Refusal("28P01", final.error().message));
  return Hear(Authentication(12, *final) + Authentication(0));
}

}  // namespace claviger::testing
