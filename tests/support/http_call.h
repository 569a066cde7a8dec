// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request of a test, with libcurl behind it: for talking to the real
// servers without using the code under test. Blocking; safe to call from
// several threads.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace claviger::testing {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file;      // PEM; empty: what the system trusts
  std::string unix_socket;  // connect to this instead of the URL's host
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

struct HttpAnswer {
  int status = 0;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// The body as JSON; a discarded value if it is none.
  nlohmann::json Json() const;
};

/// Any status is a success here; kUnavailable if there is no answer.
Result<HttpAnswer> SendHttp(const HttpCall& call);

/// As SendHttp, but any status other than 2xx is an error that quotes the
/// answer (test servers hold no real secrets).
Result<HttpAnswer> SendHttpOk(const HttpCall& call);

}  // namespace claviger::testing
