// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/session.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kRetryBackoff{milliseconds(500), milliseconds(15'000)};
constexpr milliseconds kLeastPause{100};

// Vault, not the network, says no: the role or the policy is not there.
bool IsRefusal(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied ||
         error.code == ErrorCode::kInvalidArgument;
}

bool Differ(const std::optional<LoadedDocument>& a,
            const std::optional<LoadedDocument>& b) {
  if (a.has_value() != b.has_value()) return true;
  return a && !a->SameAs(*b);
}

milliseconds Jittered(milliseconds interval, Random& random) {
  return milliseconds(static_cast<int64_t>(
      static_cast<double>(interval.count()) * (0.8 + 0.4 * random.Unit())));
}

}  // namespace

Session::Session(const Settings& settings, const Dependencies& dependencies,
                 Worker& worker, Metrics& metrics, Listener on_change,
                 TokenKeeper::Listener on_login)
    : settings_(settings),
      deps_(dependencies),
      worker_(worker),
      metrics_(metrics),
      on_change_(std::move(on_change)),
      keeper_(settings, dependencies, metrics, std::move(on_login)),
      check_at_(dependencies.clock.SteadyNow()) {}

void Session::Begin() {
  worker_.At(deps_.clock.SteadyNow(), [this] { Step(); });
}

ViewPtr Session::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

Standing Session::standing() const {
  const std::lock_guard lock(mutex_);
  return standing_;
}

void Session::Step() {
  keeper_.Maintain();
  if (deps_.clock.SteadyNow() >= check_at_) Check();
  Schedule();
}

void Session::Schedule() {
  const SteadyTime soonest = deps_.clock.SteadyNow() + kLeastPause;
  worker_.Cancel(timer_);
  timer_ = worker_.At(std::max(soonest, std::min(check_at_, keeper_.next())),
                      [this] { Step(); });
}

void Session::Check() {
  const auto now = deps_.clock.SteadyNow();
  check_at_ = now + Jittered(settings_.intervals.bindings, deps_.random);
  Result<std::optional<LoadedDocument>> own =
      Load(access::Principal::ServiceAccount(settings_.identity.ns,
                                             settings_.identity.name),
           own_);
  if (!own) return Failed(own.error());
  Result<std::optional<LoadedDocument>> everyone =
      Load(access::Principal::EveryoneServiceAccount(), everyone_);
  if (!everyone) return Failed(everyone.error());
  if (!*own && !*everyone) {
    return Refused({ErrorCode::kPermissionDenied,
                    "vault refuses this service account its bindings"});
  }
  // Only by its own document: a login without its policy may still read
  // everyone's, and must not be replaced at each check.
  if (*own) keeper_.Confirm();
  Loaded(std::move(*own), std::move(*everyone));
}

Result<std::optional<LoadedDocument>> Session::Load(
    const access::Principal& principal,
    const std::optional<LoadedDocument>& previous) {
  bool asked = false;
  Result<LoadedDocument> loaded =
      AsPod<LoadedDocument>([&](const Secret& token) {
        asked = true;
        return LoadDocument(deps_.vault, token, settings_.vault, principal,
                            previous ? &*previous : nullptr);
      });
  if (loaded) return std::move(*loaded);
  if (asked && loaded.error().code == ErrorCode::kPermissionDenied) {
    return std::nullopt;
  }
  return Fail(std::move(loaded.error()));
}

void Session::Loaded(std::optional<LoadedDocument> own,
                     std::optional<LoadedDocument> everyone) {
  metrics_.SetBindingsChecked(deps_.clock.Now());
  const bool changed = Differ(own, own_) || Differ(everyone, everyone_) ||
                       keeper_.account_uid() != token_uid_;
  own_ = std::move(own);
  everyone_ = std::move(everyone);
  failed_checks_ = 0;
  Stand({Standing::State::kServing, std::nullopt, std::nullopt});
  if (!changed && view() != nullptr) return;

  std::vector<const access::BindingsDocument*> documents;
  int64_t version_sum = 0;
  for (const auto* loaded : {&own_, &everyone_}) {
    if (!*loaded) continue;
    documents.push_back((*loaded)->document.get());
    version_sum += (*loaded)->version_sum();
  }
  Publish(access::MergeDocuments(documents), version_sum);
}

void Session::Failed(const Error& error) {
  if (IsRefusal(error)) return Refused(error);
  const auto pause =
      BackoffDelay(kRetryBackoff, failed_checks_++,
                   error.retry_after.value_or(milliseconds(0)), deps_.random);
  check_at_ = std::max(deps_.clock.SteadyNow() + kLeastPause + pause,
                       keeper_.login_from());
  Standing standing = this->standing();
  if (!standing.error) {
    deps_.log.Warning("bindings not read", {{"error", error.message},
                                            {"code", ToString(error.code)}});
  }
  standing.error = error;
  if (!standing.unheard_since) {
    standing.unheard_since = deps_.clock.SteadyNow();
  }
  Stand(std::move(standing));
}

void Session::Refused(const Error& error) {
  if (standing().state != Standing::State::kRefused) {
    deps_.log.Warning("access refused by vault", {{"error", error.message}});
  }
  Stand({Standing::State::kRefused, error, std::nullopt});
  if (!keeper_.logged_in()) check_at_ = keeper_.login_from();
  own_.reset();
  everyone_.reset();
  const ViewPtr current = view();
  if (current != nullptr && !current->bindings.empty()) Publish({}, 0);
}

void Session::Publish(std::vector<access::Binding> bindings,
                      int64_t version_sum) {
  const ViewPtr before = view();
  auto next = std::make_shared<View>();
  next->caller = access::Caller::ServiceAccount(settings_.identity.ns,
                                                settings_.identity.name);
  next->carrier = settings_.identity;
  token_uid_ = keeper_.account_uid();
  if (own_) {
    const std::string& account = own_->document->account;
    next->account_differs = !account.empty() && account != token_uid_;
    if (!next->account_differs) next->account_uid = account;
  }
  next->bindings = std::move(bindings);
  // The sum shrinks when a document loses parts or is written anew.
  next->generation = std::max(
      version_sum, before == nullptr ? int64_t{0} : before->generation + 1);
  {
    const std::lock_guard lock(mutex_);
    view_ = next;
  }
  metrics_.SetBindings(next->generation, next->bindings.size());
  deps_.log.Info("bindings changed", {{"generation", next->generation},
                                      {"connections", next->bindings.size()}});
  on_change_(next);
}

void Session::Stand(Standing standing) {
  const std::lock_guard lock(mutex_);
  standing_ = std::move(standing);
}

void Session::End() { keeper_.Revoke(); }

}  // namespace claviger::sidecar
