// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/notifier.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::sidecar::files {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGather{1'000};
constexpr milliseconds kDeadline{500};
constexpr int kAttempts = 6;

}  // namespace

void Notifier::OnChange(const providers::FileWish& wish) {
  if (!notice_) return;
  changed_.insert(ToString(wish));
  failures_ = 0;
  // Not put off by each further change: the first is told within a second.
  if (timer_ == 0) Arm();
}

void Notifier::Arm() {
  // 1, 2, 4, ... seconds.
  const milliseconds pause = kGather * (1 << failures_);
  timer_ = worker_.At(clock_.SteadyNow() + pause, [this] { Send(); });
}

void Notifier::Send() {
  timer_ = 0;
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = "http://127.0.0.1:" + ToString(*notice_);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = DumpJson(nlohmann::json{{"changed", changed_}});
  request.deadline = kDeadline;
  request.max_response_bytes = 4'096;
  const auto answer = client_->Send(request);
  if (answer && answer->status >= 200 && answer->status < 300) {
    changed_.clear();
    failures_ = 0;
    return;
  }
  if (++failures_ < kAttempts) return Arm();
  log_.Warning("the application was not told of changed files",
               {{"url", request.url},
                {"error", answer ? "status " + std::to_string(answer->status)
                                 : answer.error().message}});
  changed_.clear();
  failures_ = 0;
}

}  // namespace claviger::sidecar::files
