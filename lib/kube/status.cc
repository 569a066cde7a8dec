// SPDX-License-Identifier: Apache-2.0
#include "kube/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::kube {
namespace {

using nlohmann::json;

constexpr JsonLimits kStatusLimits{size_t{256} << 10U, 16, 5'000};
// A server that asks for more than this is broken or hostile.
constexpr std::chrono::seconds kMaxRetryAfter{300};

const json* Member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

int64_t NumberIn(const json& object, const char* key) {
  const json* value = Member(object, key);
  return value && value->is_number_integer() ? value->get<int64_t>() : 0;
}

std::string WordIn(const json& object, const char* key) {
  const json* value = Member(object, key);
  if (!value || !value->is_string()) return "";
  std::string word = value->get<std::string>();
  const bool plain =
      word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
  return plain ? word : "";
}

void ReadDetails(const json& details, ApiStatus& status) {
  const int64_t seconds = NumberIn(details, "retryAfterSeconds");
  if (seconds > 0) status.retry_after = std::chrono::seconds(seconds);
  const json* causes = Member(details, "causes");
  if (!causes || !causes->is_array()) return;
  for (const json& cause : *causes) {
    if (WordIn(cause, "reason") == "ResourceVersionTooLarge") {
      status.too_large_version = true;
    }
  }
}

using Verdict = std::pair<ErrorCode, std::string_view>;

Verdict Judge4xx(int code, const ApiStatus& status) {
  switch (code) {
    case 401:
      return {ErrorCode::kUnauthenticated, "the login was not accepted"};
    case 403:
      return {ErrorCode::kPermissionDenied, "forbidden"};
    case 404:
      if (status.reason == "NotFound") return {ErrorCode::kNotFound, "absent"};
      return {ErrorCode::kUnsupported, "not served there"};
    case 405:
    case 406:
    case 415:
      return {ErrorCode::kUnsupported, "not supported"};
    case 408:
      return {ErrorCode::kUnavailable, "the request took too long"};
    case 409:
      return {ErrorCode::kConflict, "another version is stored"};
    case 410:
      return {ErrorCode::kUnavailable, "too old"};
    case 413:
      return {ErrorCode::kTooLarge, "too large for the API server"};
    case 429:
      return {ErrorCode::kRateLimited, "asked to slow down"};
    default:
      return {ErrorCode::kInvalidArgument, "refused"};
  }
}

Verdict JudgeCode(int code, const ApiStatus& status) {
  if (code >= 300 && code < 400) {
    return {ErrorCode::kRedirected, "redirected, which is never followed"};
  }
  if (code >= 400 && code < 500) return Judge4xx(code, status);
  if (code == 501) return {ErrorCode::kUnsupported, "not supported"};
  // The gateway gave up; what it asked for may still happen.
  if (code == 504) return {ErrorCode::kDeadlineExceeded, "timed out"};
  if (code >= 500 && code < 600) {
    return {ErrorCode::kUnavailable, "the API server failed"};
  }
  return {ErrorCode::kMalformed, "no status that an API server answers with"};
}

}  // namespace

ApiStatus ReadApiStatus(std::string_view text) {
  ApiStatus status;
  const Result<json> parsed = ParseJson(text, kStatusLimits);
  if (!parsed || WordIn(*parsed, "kind") != "Status") return status;
  status.from_server = true;
  status.code =
      static_cast<int>(std::clamp<int64_t>(NumberIn(*parsed, "code"), 0, 999));
  status.reason = WordIn(*parsed, "reason");
  if (const json* details = Member(*parsed, "details")) {
    ReadDetails(*details, status);
  }
  return status;
}

Error ErrorOf(std::string_view doing, int code, const ApiStatus& status) {
  const auto [verdict, words] = JudgeCode(code, status);
  Error error{verdict, std::string(doing) + ": " + std::string(words) +
                           " (status " + std::to_string(code)};
  if (!status.reason.empty()) error.message += ", " + status.reason;
  error.message += ")";
  if (status.retry_after) {
    error.retry_after = std::min(*status.retry_after, kMaxRetryAfter);
  }
  return error;
}

Status Judge(std::string_view doing, const Response& response) {
  if (response.status >= 200 && response.status < 300) return {};
  ApiStatus status = ReadApiStatus(response.body);
  if (response.retry_after) status.retry_after = response.retry_after;
  return Fail(ErrorOf(doing, response.status, status));
}

bool IsExpired(int code, const ApiStatus& status) {
  return code == 410 || status.too_large_version;
}

}  // namespace claviger::kube
