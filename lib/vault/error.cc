// SPDX-License-Identifier: Apache-2.0
#include "vault/error.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/json.h"

namespace claviger::vault {
namespace {

using nlohmann::json;

// Errors are short; anything longer is not Vault's.
constexpr JsonLimits kErrorLimits{size_t{64} << 10U, 16, 1'000};
constexpr size_t kMaxQuoted = 300;
// A server that asks for more than this is broken or hostile.
constexpr std::chrono::seconds kMaxRetryAfter{300};

constexpr std::string_view kBlank = " \t\r\n";

// What a response with an error status says about itself.
struct Refusal {
  bool from_vault = false;  // the body is Vault's JSON, not a proxy's page
  std::vector<std::string> errors;

  bool Says(std::string_view words) const {
    return std::any_of(errors.begin(), errors.end(), [&](const auto& error) {
      return error.find(words) != std::string::npos;
    });
  }
};

Refusal ReadRefusal(const std::string& body) {
  Refusal refusal;
  const Result<json> parsed = ParseJson(body, kErrorLimits);
  if (!parsed || !parsed->is_object()) return refusal;
  const auto errors = parsed->find("errors");
  refusal.from_vault = errors != parsed->end() || parsed->contains("data");
  if (errors == parsed->end() || !errors->is_array()) return refusal;
  for (const json& error : *errors) {
    if (error.is_string()) refusal.errors.push_back(error);
  }
  return refusal;
}

// Vault's words on one line of printable ASCII, cut.
std::string Quote(const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) {
    if (!text.empty()) text += "; ";
    for (const char c : error) {
      if (text.size() >= kMaxQuoted) return text + "...";
      const bool blank = c < 0x20 || c >= 0x7f;
      if (!blank || (!text.empty() && text.back() != ' ')) {
        text += blank ? ' ' : c;
      }
    }
  }
  return text;
}

std::optional<std::chrono::milliseconds> RetryAfter(
    const std::vector<http::Header>& headers) {
  const std::optional<std::string_view> text =
      http::FindHeader(headers, "Retry-After");
  if (!text) return std::nullopt;
  int64_t seconds = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, seconds);
  // A date would need a clock, and Vault sends none.
  if (error != std::errc{} || rest != end || seconds < 0) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), kMaxRetryAfter);
}

using Verdict = std::pair<ErrorCode, std::string_view>;

Verdict Judge404(const Refusal& refusal) {
  // A proxy's page must not count as "absent": deletions would be believed.
  if (!refusal.from_vault) {
    return {ErrorCode::kMalformed, "not found, but not by vault"};
  }
  if (refusal.Says("no handler for route") ||
      refusal.Says("unsupported path")) {
    return {ErrorCode::kNotFound, "vault has nothing mounted there"};
  }
  return {ErrorCode::kNotFound, "not found"};
}

Verdict Judge4xx(int status, const Refusal& refusal) {
  switch (status) {
    case 401:
      return {ErrorCode::kUnauthenticated, "vault asks for a login"};
    case 403:
      return {ErrorCode::kPermissionDenied, "permission denied by vault"};
    case 404:
      return Judge404(refusal);
    case 405:
      return {ErrorCode::kUnsupported, "vault does not support that"};
    case 408:
      return {ErrorCode::kUnavailable, "vault waited too long for the request"};
    case 412:
      return {ErrorCode::kUnavailable, "this vault node is behind the others"};
    case 413:
      return {ErrorCode::kTooLarge, "too large for vault"};
    case 429:
      return {ErrorCode::kRateLimited, "vault asks to slow down"};
    case 472:
    case 473:
      return {ErrorCode::kUnavailable, "this vault node is a standby"};
    default:
      break;
  }
  if (status == 400 && refusal.Says("check-and-set parameter did not match")) {
    return {ErrorCode::kConflict, "another version is stored"};
  }
  // A new KV v2 mount answers this for its first moments.
  if (status == 400 && refusal.Says("Upgrading from non-versioned")) {
    return {ErrorCode::kUnavailable, "the mount is being prepared"};
  }
  return {ErrorCode::kInvalidArgument, "refused by vault"};
}

Verdict Judge5xx(int status, const Refusal& refusal) {
  if (status == 501) {
    return {ErrorCode::kUnsupported, "vault does not implement that"};
  }
  if (status == 503 && refusal.Says("sealed")) {
    return {ErrorCode::kSealed, "vault is sealed"};
  }
  if (status == 503) return {ErrorCode::kUnavailable, "vault is not available"};
  return {ErrorCode::kUnavailable, "vault failed"};
}

Verdict Judge(int status, const Refusal& refusal) {
  if (status >= 300 && status < 400) {
    return {ErrorCode::kRedirected, "redirected, which is never followed"};
  }
  if (status >= 400 && status < 500) return Judge4xx(status, refusal);
  if (status >= 500 && status < 600) return Judge5xx(status, refusal);
  return {ErrorCode::kMalformed, "no status that vault answers with"};
}

Error Refused(const Call& call, const http::ClientResponse& response) {
  const Refusal refusal = ReadRefusal(response.body);
  const auto [code, words] = Judge(response.status, refusal);
  std::string message = Describe(call) + ": " + std::string(words) +
                        " (status " + std::to_string(response.status) + ")";
  if (code == ErrorCode::kInvalidArgument && ShowsVaultsWords(call.path)) {
    const std::string quoted = Quote(refusal.errors);
    if (!quoted.empty()) message += ": " + quoted;
  }
  return {code, std::move(message), RetryAfter(response.headers)};
}

// Vault answers with nothing or with an object. The inside is looked at by
// who reads the answer; this keeps a proxy's page from passing for success.
bool LooksLikeVaults(const std::string& body) {
  const size_t first = body.find_first_not_of(kBlank);
  if (first == std::string::npos) return true;
  return body[first] == '{' && body[body.find_last_not_of(kBlank)] == '}';
}

// The statuses of sys/health are its answer, if Vault's body comes with them.
bool IsHealth(const Call& call, const http::ClientResponse& response) {
  const int status = response.status;
  return call.path == "sys/health" && !response.body.empty() &&
         (status == 429 || status == 472 || status == 473 || status == 501 ||
          status == 503);
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

std::string Describe(const Call& call) {
  static constexpr std::string_view kVerbs[] = {"read ", "list ", "write ",
                                                "delete "};
  return std::string(kVerbs[static_cast<size_t>(call.verb)]) + call.path;
}

bool ShowsVaultsWords(std::string_view path) {
  for (const std::string_view open :
       {"sys/policies/", "sys/mounts", "sys/auth", "sys/capabilities"}) {
    if (StartsWith(path, open)) return true;
  }
  return StartsWith(path, "auth/") &&
         path.find("/role/") != std::string_view::npos;
}

Result<Answer> Classify(const Call& call, http::ClientResponse response) {
  const bool success = response.status >= 200 && response.status < 300;
  if ((success || IsHealth(call, response)) && LooksLikeVaults(response.body)) {
    return Answer(response.status, std::move(response.body));
  }
  Error error =
      success ? Error{ErrorCode::kMalformed,
                      Describe(call) + ": the answer is not vault's (status " +
                          std::to_string(response.status) + ")"}
              : Refused(call, response);
  WipeString(response.body);
  return Fail(std::move(error));
}

Error ClassifyTransport(const Call& call, Error error) {
  error.message = Describe(call) + ": " + error.message;
  const bool changes = call.verb == Verb::kWrite || call.verb == Verb::kDelete;
  // The others never reached the server, or say themselves how far they got.
  const bool sent = error.code == ErrorCode::kDeadlineExceeded ||
                    error.code == ErrorCode::kTooLarge ||
                    error.code == ErrorCode::kMalformed;
  if (changes && sent) {
    error.message += "; whether it took effect is unknown";
  }
  return error;
}

}  // namespace claviger::vault
