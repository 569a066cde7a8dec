// SPDX-License-Identifier: Apache-2.0
//
// AWS Signature Version 4 of one request, as S3 and services like it check it.
// Pure and thread-safe; time is an argument.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace claviger::sidecar::proxy {

struct AwsKey {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;  // empty: none; it is sent with each request
  std::string region;
  std::string service;  // "s3"
};

/// What is signed of a request, as it is sent.
struct AwsRequest {
  std::string_view method;
  std::string_view path;   // encoded
  std::string_view query;  // encoded, without its question mark
  /// Names in lower case with their values, each name once; "host" and
  /// "x-amz-date" among them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string payload_hash;  // hex, or UNSIGNED-PAYLOAD
};

std::string AwsDate(Time now);  // "20150830T123600Z"

/// The one spelling of a request that both sides hash. `s3`: the path is taken
/// as it stands; all other services encode it once more, and take a run of
/// slashes for one. Sorts the headers.
std::string AwsCanonicalRequest(AwsRequest& request, bool s3);

/// The value of Authorization. `date` is AwsDate's, as in x-amz-date.
std::string AwsAuthorization(const AwsKey& key, AwsRequest request,
                             const std::string& date);

}  // namespace claviger::sidecar::proxy
