// SPDX-License-Identifier: Apache-2.0
//
// A vault::Api for unit tests: a script of answers, or a function that plays
// Vault; it remembers each call. Answers "unexpected call" when neither fits.
// Thread-safe; the function is called under the lock.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "vault/api.h"

namespace claviger::testing {

class FakeVaultApi final : public vault::Api {
 public:
  struct Seen {
    vault::Verb verb = vault::Verb::kRead;
    std::string path;
    std::string query;
    std::string body;
    std::string token;  // empty: none
    std::chrono::milliseconds deadline{0};
    bool idempotent = true;
  };
  using Handler = std::function<Result<vault::Answer>(const Seen&)>;

  /// The answer to the next call that has none yet.
  void Answer(int status, std::string body = "") {
    const std::lock_guard lock(mutex_);
    script_.emplace_back(vault::Answer(status, std::move(body)));
  }
  void Break(Error error) {
    const std::lock_guard lock(mutex_);
    script_.emplace_back(Fail(std::move(error)));
  }
  void Break(ErrorCode code) { Break(Error{code, "scripted"}); }
  /// Answers what the script does not.
  void SetHandler(Handler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
  }

  Result<vault::Answer> Do(const vault::Call& call) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back(
        {call.verb, call.path, call.query, call.body,
         call.token == nullptr ? "" : std::string(call.token->Reveal()),
         call.deadline, call.idempotent});
    if (!script_.empty()) {
      Result<vault::Answer> next = std::move(script_.front());
      script_.pop_front();
      return next;
    }
    if (handler_) return handler_(seen_.back());
    return Fail(ErrorCode::kInternal, "unexpected call: " + call.path);
  }

  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Result<vault::Answer>> script_;
  Handler handler_;
  std::vector<Seen> seen_;
};

}  // namespace claviger::testing
