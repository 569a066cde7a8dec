// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/client.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/backoff.h"

namespace claviger::sidecar::push {
namespace {

using std::chrono::milliseconds;

// A fleet that lost its leader comes back within about half a minute.
constexpr BackoffPolicy kBackoff{milliseconds(30'000), milliseconds(300'000)};
// Where nobody tells of changes: looked for again.
constexpr milliseconds kNobody{300'000};
constexpr milliseconds kFirst{10'000};
// What has held for so long was no failure.
constexpr milliseconds kHeld{60'000};
// News for one pod, and for all of them at once, which must not come to Vault
// at once.
constexpr milliseconds kOwnSpread{200};
constexpr milliseconds kEveryoneSpread{5'000};
constexpr double kBurst = 5;

milliseconds Within(milliseconds span, Random& random) {
  return milliseconds(
      static_cast<int64_t>(static_cast<double>(span.count()) * random.Unit()));
}

}  // namespace

Client::Client(Parts parts)
    : parts_(std::move(parts)),
      allowance_(kBurst),
      allowance_at_(parts_.clock.SteadyNow()) {}

void Client::Begin() {
  if (parts_.line != nullptr) ConnectAfter(Within(kFirst, parts_.random));
}

void Client::End() {
  if (parts_.line != nullptr) parts_.line->Close();
}

void Client::ConnectAfter(milliseconds pause) {
  parts_.worker.At(parts_.clock.SteadyNow() + pause, [this] { Connect(); });
}

void Client::Connect() {
  connected_at_ = parts_.clock.SteadyNow();
  auto where = parts_.find();
  if (!where && where.error().code == ErrorCode::kNotFound) {
    return ConnectAfter(kNobody / 2 + Within(kNobody, parts_.random));
  }
  if (!where) return Ended(where.error());
  auto token = parts_.token();
  if (!token) return Ended(token.error());
  parts_.line->Open(
      *where, *std::move(token),
      [this](std::string_view data) { Heard(data == "own"); },
      [this](const Error& why) {
        // Not Post, which may be full: nobody else would come back.
        parts_.worker.At(parts_.clock.SteadyNow(), [this, why] { Ended(why); });
      });
}

// On the line's thread.
void Client::Heard(bool own) {
  (own ? own_ : everyone_) = true;
  if (posted_.exchange(true)) return;
  const bool taken = parts_.worker.Post([this] {
    posted_ = false;
    const bool mine = own_.exchange(false);
    if (everyone_.exchange(false) || mine) CheckSoon(mine);
  });
  if (!taken) posted_ = false;
}

void Client::CheckSoon(bool own) {
  if (checking_ || !MayCheck()) return;
  checking_ = true;
  parts_.metrics.CountPush("news");
  const milliseconds pause =
      Within(own ? kOwnSpread : kEveryoneSpread, parts_.random);
  parts_.worker.At(parts_.clock.SteadyNow() + pause, [this] {
    checking_ = false;
    parts_.check();
  });
}

bool Client::MayCheck() {
  const SteadyTime now = parts_.clock.SteadyNow();
  const auto passed = static_cast<double>((now - allowance_at_).count());
  allowance_ = std::min(
      kBurst, allowance_ + passed / static_cast<double>(parts_.poll.count()));
  allowance_at_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

void Client::Ended(const Error& why) {
  if (parts_.clock.SteadyNow() - connected_at_ >= kHeld) failures_ = 0;
  parts_.metrics.CountPush("ended");
  parts_.log.Debug("not told of changes at once",
                   {{"error", why.message}, {"code", ToString(why.code)}});
  ConnectAfter(BackoffDelay(kBackoff, failures_++,
                            why.retry_after.value_or(milliseconds(0)),
                            parts_.random));
}

}  // namespace claviger::sidecar::push
