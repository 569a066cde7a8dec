// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/oauth_token.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "sidecar/proxy/http/door.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/token_fetch.h"

namespace claviger::sidecar::proxy {
namespace {

using std::chrono::seconds;

constexpr seconds kEarly{60};
// For servers that do not say, and those that say too much.
constexpr int64_t kUnsaid = 300;
constexpr int64_t kLongest = 86'400;
constexpr size_t kMaxWaiting = 16'384;
// Between two attempts of which the first failed, and before a token that was
// refused makes room for another.
constexpr seconds kAfterFailure{2};
constexpr seconds kAtLeast{10};

Problem Unusable(std::string detail) {
  return {"CredentialUnusable", std::move(detail), "correct it in vault"};
}

Problem NoToken(const char* reason, const std::string& detail) {
  return {reason, "the token server " + detail,
          "see whether client_id, client_secret, scopes and token_uri are "
          "right, and whether that server is there"};
}

std::string_view At(const Fields& fields, const char* name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second.Reveal();
}

// A path and query that break out of no request line.
bool IsPlainPath(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '#' && c != '\\';
  });
}

bool IsPlainAuthority(std::string_view authority) {
  return IsPlainPath(authority) &&
         authority.find_first_of("@?") == std::string_view::npos;
}

// RFC 6749 section 2.3.1: form-encoded, then basic.
std::string RequestOf(const Origin& origin, const Fields& fields) {
  std::string pair = PercentEncode(At(fields, "client_id")) + ":" +
                     PercentEncode(At(fields, "client_secret"));
  std::string body = "grant_type=client_credentials";
  if (!At(fields, "scopes").empty()) {
    body += "&scope=" + PercentEncode(At(fields, "scopes"));
  }
  std::string text = "POST " + (origin.base.empty() ? "/" : origin.base);
  text += " HTTP/1.1\r\nHost: " + origin.authority;
  text += "\r\nAuthorization: Basic " + Base64Encode(pair);
  text += "\r\nContent-Type: application/x-www-form-urlencoded";
  text += "\r\nAccept: application/json\r\nConnection: close";
  text += "\r\nContent-Length: " + std::to_string(body.size());
  text += "\r\n\r\n" + body;
  WipeString(pair);
  return text;
}

// Why a token server's own word is no token. None: it is one.
std::optional<Problem> Judge(int status) {
  if (status == 200) return std::nullopt;
  const bool refused = status == 400 || status == 401 || status == 403;
  return NoToken(refused ? "CredentialRefused" : "UpstreamUnavailable",
                 "answered " + std::to_string(status));
}

// Absent, or one that a header carries as it is.
bool IsBearer(const nlohmann::json& json) {
  const auto type = json.find("token_type");
  return type == json.end() ||
         (type->is_string() &&
          SameName(type->get_ref<const std::string&>(), "bearer"));
}

int64_t SecondsOf(const nlohmann::json& json) {
  const auto lasts = json.find("expires_in");
  if (lasts == json.end() || !lasts->is_number_integer()) return kUnsaid;
  return std::clamp<int64_t>(lasts->get<int64_t>(), 1, kLongest);
}

}  // namespace

std::variant<std::shared_ptr<OauthToken>, Problem> OauthToken::Make(
    Loop& loop, Dialer& dialer, const access::ConnectionFacts& facts,
    const Fields& fields) {
  if (At(fields, "client_secret").empty()) {
    return Unusable("clients that show a certificate are not known here yet");
  }
  auto origin = ParseOrigin(At(fields, "token_uri"));
  const bool plain = origin && IsPlainPath(origin->base) &&
                     IsPlainAuthority(origin->authority);
  if (!plain || (!origin->tls && !facts.endpoint.insecure)) {
    return Unusable("token_uri is no https address");
  }
  std::shared_ptr<OauthToken> token(new OauthToken(loop, dialer));
  token->origin_ = *std::move(origin);
  token->request_ = Secret(RequestOf(token->origin_, fields));
  const auto scheme = facts.endpoint.parameters.find("auth_scheme");
  token->scheme_ =
      scheme == facts.endpoint.parameters.end() ? "Bearer" : scheme->second;
  if (!token->origin_.tls) return token;
  // The company's own authorities may be the token server's, too.
  model::Tls tls = facts.endpoint.tls;
  tls.server_name.clear();
  auto client = TlsClient::Make(tls, token->origin_.host, {}, "http/1.1");
  if (!client) return Unusable(client.error().message);
  token->tls_ = *std::move(client);
  return token;
}

// A token whose successor is not there yet is given on while it lasts.
bool OauthToken::IsGood() const {
  if (token_ == nullptr) return false;
  const SteadyTime now = loop_.clock().SteadyNow();
  return now < refresh_at_ || (now < ends_at_ && now < failed_until_);
}

void OauthToken::Get(Done done) {
  if (IsGood()) return done(token_);
  if (failure_ && loop_.clock().SteadyNow() < failed_until_) {
    return done(*failure_);
  }
  if (waiting_.size() >= kMaxWaiting) {
    return done(NoToken("UpstreamUnavailable", "is waited for by too many"));
  }
  waiting_.push_back(std::move(done));
  if (fetch_ == nullptr) Begin();
}

void OauthToken::Begin() {
  fetch_ = std::make_shared<TokenFetch>(
      loop_, dialer_, tls_ ? &*tls_ : nullptr,
      [weak = weak_from_this()](Result<TokenFetch::Answer> answer) {
        const auto self = weak.lock();
        if (!self) return;
        if (answer) {
          return self->OnAnswer(answer->status, std::move(answer->body));
        }
        Problem problem = FromOpening(answer.error());
        problem.detail = "the token server: " + problem.detail;
        self->GiveUp(std::move(problem));
      });
  fetch_->Start(origin_, request_.Reveal());
}

bool OauthToken::Drop(const std::shared_ptr<const Placement>& refused) {
  if (token_ != refused) return true;
  if (loop_.clock().SteadyNow() < fetched_at_ + kAtLeast) return false;
  token_.reset();
  return true;
}

void OauthToken::OnAnswer(int status, std::string body) {
  if (const auto problem = Judge(status)) {
    WipeString(body);
    return GiveUp(*problem);
  }
  Answer answer = Keep(std::move(body));
  if (auto* problem = std::get_if<Problem>(&answer)) {
    return GiveUp(std::move(*problem));
  }
  Finish(answer);
}

OauthToken::Answer OauthToken::Keep(std::string body) {
  auto json = ParseJson(body);
  WipeString(body);
  const bool usable = json && json->is_object() &&
                      json->contains("access_token") &&
                      (*json)["access_token"].is_string() && IsBearer(*json);
  if (!usable) {
    return NoToken("UpstreamUnavailable", "gives no token that can be used");
  }
  const seconds lasts(SecondsOf(*json));
  auto& text = (*json)["access_token"].get_ref<std::string&>();
  auto placed = PlaceBearer(scheme_, Secret(std::move(text)));
  if (auto* problem = std::get_if<Problem>(&placed)) return *problem;
  token_ =
      std::make_shared<const Placement>(std::move(std::get<Placement>(placed)));
  fetched_at_ = loop_.clock().SteadyNow();
  ends_at_ = fetched_at_ + lasts;
  // Of short ones the second half.
  refresh_at_ = ends_at_ - std::min(kEarly, lasts / 2);
  failure_.reset();
  return token_;
}

void OauthToken::GiveUp(Problem problem) {
  const SteadyTime now = loop_.clock().SteadyNow();
  failed_until_ = now + kAfterFailure;
  failure_ = std::move(problem);
  const bool lasts = token_ != nullptr && now < ends_at_;
  Finish(lasts ? Answer(token_) : Answer(*failure_));
}

void OauthToken::Finish(const Answer& answer) {
  const auto self = shared_from_this();
  fetch_.reset();
  for (const Done& done : std::exchange(waiting_, {})) done(answer);
}

}  // namespace claviger::sidecar::proxy
