// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace claviger {

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kRateLimited:
      return "rate_limited";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kSealed:
      return "sealed";
    case ErrorCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kMalformed:
      return "malformed";
    case ErrorCode::kRedirected:
      return "redirected";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

bool IsRetryable(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kSealed ||
         code == ErrorCode::kRateLimited ||
         code == ErrorCode::kDeadlineExceeded;
}

}  // namespace claviger
