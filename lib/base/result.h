// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error. Every fallible function of this project
// returns one; exceptions of libraries are caught in their adapter and never
// cross a target. Values are plain; sharing them between threads needs the
// caller's own lock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace claviger {

/// The closed set of failures. What a caller may do about one is decided here
/// (IsRetryable) and nowhere else.
enum class ErrorCode {
  kInvalidArgument,   // the request is wrong; repeating it will not help
  kUnauthenticated,   // no, or no valid, login
  kPermissionDenied,  // logged in, but not allowed
  kNotFound,
  kConflict,          // compare-and-set lost, or somebody else's object
  kRateLimited,       // 429; see Error::retry_after
  kUnavailable,       // no connection, 5xx, standby
  kSealed,            // Vault is sealed or not initialised
  kDeadlineExceeded,  // no (complete) answer in time; a write may have happened
  kTooLarge,          // over one of our bounds
  kMalformed,         // an answer that is not what the protocol says
  kRedirected,        // redirects are never followed
  kUnsupported,
  kInternal,
};

/// The stable name of a code, as logs and metrics show it: "permission_denied".
std::string_view ToString(ErrorCode code);

/// True for failures that may pass by themselves: unavailable, sealed, rate
/// limited, deadline exceeded.
bool IsRetryable(ErrorCode code);

/// What went wrong. The message is lower case, without a full stop, says what
/// was attempted on which object, and never holds a response body or a secret.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  /// The server's Retry-After, where it sent one (bounded by the reader).
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// The result of an action that yields nothing.
using Status = Result<void>;

/// Builds the error arm of a Result: `return Fail(ErrorCode::kNotFound, "…")`.
inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Hands an error on, with what was being done put in front of its message.
inline tl::unexpected<Error> Fail(Error error, std::string_view doing) {
  error.message = std::string(doing) + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace claviger
