// SPDX-License-Identifier: Apache-2.0
//
// An API server that knows TokenReviews only, and tokens for it.
#pragma once

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "base/digest.h"
#include "kube/transport.h"

namespace claviger::testing {

inline constexpr const char* kPushAudience = "claviger-push-1";

/// A JWT that claims to be of `subject`; its signature says whether it is.
inline std::string TokenOf(const std::string& subject,
                           const std::string& signature = "good",
                           const std::string& audience = kPushAudience,
                           int64_t expires = 4'000'000'000) {
  const nlohmann::json claims = {
      {"sub", subject}, {"aud", {audience}}, {"exp", expires}};
  return "eyJhbGciOiJSUzI1NiJ9." + Base64UrlEncode(claims.dump()) + "." +
         Base64UrlEncode(signature);
}

/// Believes signatures of "good".
class Reviews final : public kube::Transport {
 public:
  Result<kube::Response> Send(const kube::Request& request) override {
    ++asked;
    if (failing) return Fail(ErrorCode::kUnavailable, "gone");
    auto body = nlohmann::json::parse(request.body);
    const std::string token = body["spec"]["token"];
    const size_t last = token.rfind('.');
    const size_t first = token.find('.');
    const auto claims = nlohmann::json::parse(
        *Base64UrlDecode(token.substr(first + 1, last - first - 1)));
    const bool good = *Base64UrlDecode(token.substr(last + 1)) == "good";
    body["spec"] = nlohmann::json::object();
    body["status"] = {{"authenticated", good}};
    if (good) {
      body["status"]["user"] = {{"username", claims["sub"]}};
      body["status"]["audiences"] = claims["aud"];
    }
    kube::Response response;
    response.status = 201;
    response.body = body.dump();
    return response;
  }
  Result<kube::Response> Stream(
      const kube::Request&,
      const std::function<bool(std::string_view)>&) override {
    return Fail(ErrorCode::kUnavailable, "no streams");
  }
  void Close() override {}

  std::atomic<int> asked{0};
  std::atomic<bool> failing{false};
};

}  // namespace claviger::testing
