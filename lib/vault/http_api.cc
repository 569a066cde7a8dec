// SPDX-License-Identifier: Apache-2.0
#include "vault/http_api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/names.h"
#include "vault/error.h"

namespace claviger::vault {
namespace {

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end && port > 0 && port < 65536;
}

bool IsHost(std::string_view text) {
  const bool literal =
      text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (literal) text = text.substr(1, text.size() - 2);
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    if (literal)
      return std::isxdigit(static_cast<unsigned char>(c)) || c == ':' ||
             c == '.';
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
  });
}

// http(s)://host[:port], nothing behind it: a path or a query there would
// change the meaning of every call.
bool IsAddress(std::string_view address) {
  const size_t scheme = address.find("://");
  if (scheme == std::string_view::npos) return false;
  if (address.substr(0, scheme) != "http" &&
      address.substr(0, scheme) != "https") {
    return false;
  }
  const std::string_view authority = address.substr(scheme + 3);
  // A colon within brackets belongs to an IPv6 address.
  const size_t colon = authority.find(':', authority.find(']') + 1);
  if (colon == std::string_view::npos) return IsHost(authority);
  return IsHost(authority.substr(0, colon)) &&
         IsPort(authority.substr(colon + 1));
}

bool IsQuery(std::string_view query) {
  return query.size() <= 256 &&
         std::all_of(query.begin(), query.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) ||
                  std::string_view("=&_.-").find(c) != std::string_view::npos;
         });
}

http::Method MethodOf(Verb verb) {
  switch (verb) {
    case Verb::kRead:
      return http::Method::kGet;
    case Verb::kList:
      return http::Method::kList;
    case Verb::kWrite:
      return http::Method::kPost;
    case Verb::kDelete:
      return http::Method::kDelete;
  }
  return http::Method::kGet;
}

class HttpApi final : public Api {
 public:
  HttpApi(HttpApiSettings settings, http::Client& client)
      : settings_(std::move(settings)), client_(client) {}

  Result<Answer> Do(const Call& call) override {
    if (!IsApiPath(call.path) || !IsQuery(call.query)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a path or query that may not be sent to vault");
    }
    http::ClientRequest request = Build(call);
    Result<http::ClientResponse> response = client_.Send(request);
    WipeString(request.body);
    if (!response) {
      return Fail(ClassifyTransport(call, std::move(response).error()));
    }
    return Classify(call, *std::move(response));
  }

 private:
  http::ClientRequest Build(const Call& call) const {
    http::ClientRequest request;
    request.method = MethodOf(call.verb);
    request.url = settings_.address + "/v1/" + call.path;
    if (!call.query.empty()) request.url += "?" + call.query;
    // Vault refuses cross-site requests by asking for this header.
    request.headers = {{"X-Vault-Request", "true"},
                       {"Accept", "application/json"}};
    if (!settings_.vault_namespace.empty()) {
      request.headers.emplace_back("X-Vault-Namespace",
                                   settings_.vault_namespace);
    }
    if (!call.body.empty()) {
      request.headers.emplace_back("Content-Type", "application/json");
      request.body = call.body;
    }
    if (call.token != nullptr) {
      request.secret_headers.emplace_back("X-Vault-Token", call.token);
    }
    request.deadline = call.deadline;
    request.max_response_bytes = settings_.max_answer_bytes;
    request.repeatable = call.idempotent;
    return request;
  }

  const HttpApiSettings settings_;
  http::Client& client_;
};

}  // namespace

Result<std::unique_ptr<Api>> MakeHttpApi(const HttpApiSettings& settings,
                                         http::Client& client) {
  if (!IsAddress(settings.address)) {
    return Fail(ErrorCode::kInvalidArgument,
                "vault address must be http(s)://host[:port] with nothing "
                "behind it");
  }
  std::string_view name = settings.vault_namespace;
  if (!name.empty() && name.back() == '/') name.remove_suffix(1);
  if (!settings.vault_namespace.empty() && !IsVaultPath(name)) {
    return Fail(ErrorCode::kInvalidArgument,
                "vault namespace must be a path of plain segments");
  }
  return std::make_unique<HttpApi>(settings, client);
}

}  // namespace claviger::vault
