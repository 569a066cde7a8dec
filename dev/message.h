// SPDX-License-Identifier: Apache-2.0
//
// A request to the embedded Vault taken apart, and its reply before it becomes
// HTTP. Plain values.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/server.h"

namespace claviger::dev {

struct Token;

enum class Operation { kRead, kList, kCreate, kUpdate, kDelete };

struct Request {
  Operation operation = Operation::kRead;
  /// Decoded, below /v1/; for lists it ends in '/'. A backend sees what is
  /// below its mount.
  std::string path;
  std::map<std::string, std::string> query;
  nlohmann::json body = nlohmann::json::object();
  std::string token;
  /// Who asks; null for logins.
  const Token* caller = nullptr;
  /// The caller may do what wants `sudo` on this path.
  bool sudo = false;

  bool writes() const {
    return operation == Operation::kCreate || operation == Operation::kUpdate;
  }
};

struct Reply {
  int status = 200;
  nlohmann::json data;  // null: none
  nlohmann::json auth;
  std::vector<std::string> warnings;
  /// Set: an error reply of just these ("errors":[...]).
  std::optional<std::vector<std::string>> errors;
  int64_t lease_duration = 0;
  /// Some of sys/ repeat their data beside the envelope, or know no envelope.
  bool repeat_data = false;
  bool bare = false;
};

Reply NoContent();
Reply WithData(nlohmann::json data);
Reply Refused(int status, std::string message);
/// 404 without a reason: there is nothing at that path.
Reply NotFound();
Reply Forbidden();
Reply UnsupportedPath();
Reply UnsupportedOperation();
/// 400 with the error's message.
Reply RefusedBy(const Error& error);

/// What is wrong with an HTTP request before Vault has looked at it, or the
/// Request.
struct Parsed {
  std::optional<Request> request;
  http::ServerResponse refusal;
};
Parsed ParseRequest(http::ServerRequest&& request);

/// The reply as Vault writes it. `request_id` is a uuid.
http::ServerResponse ToHttp(const Reply& reply, std::string request_id);

}  // namespace claviger::dev
