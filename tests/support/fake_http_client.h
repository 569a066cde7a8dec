// SPDX-License-Identifier: Apache-2.0
//
// An http::Client that answers from a script and remembers what was asked,
// secrets included. Answers "unexpected call" when the script is over.
// Thread-safe.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"

namespace claviger::testing {

class FakeHttpClient final : public http::Client {
 public:
  struct Seen {
    http::Method method = http::Method::kGet;
    std::string url;
    std::map<std::string, std::string> headers;  // secret ones too
    std::string body;
    std::chrono::milliseconds deadline{0};
    bool repeatable = true;
  };

  /// The answer to the next call that has none yet.
  void Answer(int status, std::string body,
              std::vector<http::Header> headers = {}) {
    const std::lock_guard lock(mutex_);
    script_.emplace_back(
        http::ClientResponse{status, std::move(headers), std::move(body)});
  }
  void Break(ErrorCode code, std::string message) {
    const std::lock_guard lock(mutex_);
    script_.emplace_back(Fail(code, std::move(message)));
  }

  Result<http::ClientResponse> Send(
      const http::ClientRequest& request) override {
    const std::lock_guard lock(mutex_);
    Seen seen{request.method, request.url,      {},
              request.body,   request.deadline, request.repeatable};
    for (const auto& [name, value] : request.headers) {
      seen.headers[name] = value;
    }
    for (const auto& [name, value] : request.secret_headers) {
      seen.headers[name] = std::string(value->Reveal());
    }
    seen_.push_back(std::move(seen));
    if (script_.empty()) {
      return Fail(ErrorCode::kInternal, "unexpected call: " + request.url);
    }
    Result<http::ClientResponse> next = std::move(script_.front());
    script_.pop_front();
    return next;
  }

  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Result<http::ClientResponse>> script_;
  std::vector<Seen> seen_;
};

}  // namespace claviger::testing
