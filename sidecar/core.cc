// SPDX-License-Identifier: Apache-2.0
#include "sidecar/core.h"

#include <utility>

#include "access/push_document.h"
#include "sidecar/api/health.h"
#include "vault/kv.h"

namespace claviger::sidecar {
namespace {

constexpr size_t kMaxQueuedJobs = 512;

CredentialCache::Settings CacheSettings(const Intervals& intervals) {
  CredentialCache::Settings settings;
  settings.pace.compare = intervals.kv;
  return settings;
}

}  // namespace

Core::Core(Settings settings, Dependencies dependencies)
    : settings_(std::move(settings)),
      circuit_(dependencies.vault, dependencies.clock, dependencies.random),
      deps_{circuit_,
            dependencies.clock,
            dependencies.random,
            dependencies.log,
            std::move(dependencies.token),
            dependencies.files,
            dependencies.loopback,
            dependencies.decisions,
            std::move(dependencies.role_id),
            dependencies.push,
            std::move(dependencies.push_token)},
      worker_(deps_.clock, kMaxQueuedJobs),
      decisions_({"sa/" + model::ToString(settings_.identity),
                  settings_.decisions.repeat, deps_.clock, deps_.random,
                  worker_, metrics_, deps_.decisions}),
      watch_(metrics_),
      engines_(deps_.vault, deps_.clock, deps_.random, settings_.identity),
      cache_(CacheSettings(settings_.intervals), worker_, deps_.clock,
             deps_.random, metrics_, Source(),
             [this](const std::string& key, bool gone) {
               upkeep_.OnCredential(key, gone);
               files_.Review();
             }),
      personal_(settings_.vault, cache_),
      upkeep_(deps_.clock, worker_, cache_, personal_, served_, watch_),
      session_(
          settings_, deps_, worker_, metrics_,
          [this](const ViewPtr& view) {
            upkeep_.OnView(view);
            files_.Review();
            if (on_change_) on_change_();
          },
          [this](const LoginSpan& login) { cache_.OnLogin(login); }),
      users_(settings_, deps_, worker_, metrics_),
      refetches_(deps_.clock, settings_.intervals.report_failed),
      api_({settings_, deps_.clock, deps_.random, deps_.log, session_, users_,
            cache_, personal_, Store(), worker_, served_, watch_, metrics_,
            refetches_, decisions_, listeners_, probe_}),
      notifier_(settings_.files.notice, deps_.clock, deps_.log, worker_,
                deps_.loopback),
      files_(settings_.files.wanted, {deps_.clock, deps_.log, worker_,
                                      api_.resolver(), decisions_, deps_.files,
                                      [this](const providers::FileWish& wish) {
                                        notifier_.OnChange(wish);
                                      }}),
      push_(PushParts()) {}

Status Core::Begin() {
  Status begun = files_.Begin();
  if (begun) {
    session_.Begin();
    push_.Begin();
  }
  return begun;
}

void Core::Handle(const Guard& guard, const http::ServerRequest& request,
                  std::shared_ptr<http::Responder> responder) {
  api_.Handle(guard, request, std::move(responder));
}

http::ServerResponse Core::Health(const http::ServerRequest& request) const {
  return HealthAnswer(request, session_.standing(), files_.settled(), metrics_);
}

std::unique_ptr<proxy::Access> Core::MakeAccess(
    proxy::CredentialAccess::Post post) {
  return std::make_unique<proxy::CredentialAccess>(api_.resolver(), cache_,
                                                   refetches_, std::move(post));
}

void Core::End() {
  if (probe_ != nullptr) probe_->End();
  push_.End();
  files_.End();
  circuit_.Forgive();
  // Where the token goes on living, what was leased with it would too.
  if (settings_.vault.login == LoginKind::kToken) cache_.RevokeHeld();
  users_.End();
  session_.End();
  decisions_.Flush();
}

push::Client::Parts Core::PushParts() {
  return {deps_.clock,
          deps_.random,
          deps_.log,
          worker_,
          metrics_,
          settings_.intervals.bindings,
          deps_.push,
          [this] { return FindPush(); },
          deps_.push_token,
          [this] {
            // A Vault that is away is waited for as ever.
            if (!session_.standing().error) session_.Check();
          }};
}

Result<access::PushDocument> Core::FindPush() {
  const std::string& cluster = settings_.vault.cluster;
  const Result<vault::KvSecret> entry =
      session_.AsPod<vault::KvSecret>([&](const Secret& token) {
        return vault::ReadKv2(deps_.vault, token, settings_.vault.mount,
                              access::PushPathOf(cluster));
      });
  if (!entry) return Fail(entry.error());
  return access::DecodePush(cluster, entry->data.Reveal());
}

CredentialSource Core::Source() {
  CredentialSource source;
  source.read = [this](const model::VaultRef& ref, bool urgent) {
    return ReadCredential(ref, urgent);
  };
  source.renew = [this](const std::string& lease_id,
                        std::chrono::seconds increment, bool urgent) {
    const VaultCircuit::Urgency urgency(circuit_, urgent);
    return session_.AsPod<vault::Prolonged>([&](const Secret& token) {
      return vault::RenewLease(deps_.vault, token, lease_id, increment);
    });
  };
  source.revoke = [this](const std::string& lease_id) {
    return session_.AsPod<void>([&](const Secret& token) {
      return vault::RevokeLease(deps_.vault, token, lease_id);
    });
  };
  return source;
}

PersonalStore Core::Store() {
  PersonalStore store;
  store.read = [this](const model::VaultRef& ref) {
    return session_.AsPod<vault::KvSecret>([&](const Secret& token) {
      return vault::ReadKv2(deps_.vault, token, ref.mount, ref.path);
    });
  };
  store.version = [this](const model::VaultRef& ref) {
    return session_.AsPod<int64_t>([&](const Secret& token) {
      return vault::CurrentVersionKv2(deps_.vault, token, ref.mount, ref.path);
    });
  };
  store.write = [this](const model::VaultRef& ref, const Secret& record,
                       int64_t cas) {
    return session_.AsPod<int64_t>([&](const Secret& token) {
      return vault::WriteKv2(deps_.vault, token, ref.mount, ref.path,
                             record.Reveal(), cas);
    });
  };
  store.remove = [this](const model::VaultRef& ref) {
    return session_.AsPod<void>([&](const Secret& token) {
      return vault::RemoveKv2(deps_.vault, token, ref.mount, ref.path);
    });
  };
  store.changed = [this](const model::VaultRef& ref) {
    upkeep_.OnCredential(CredentialKey(ref), false);
    files_.Review();
  };
  return store;
}

Result<Obtained> Core::ReadCredential(const model::VaultRef& ref, bool urgent) {
  const VaultCircuit::Urgency urgency(circuit_, urgent);
  Engine& engine = engines_.Of(ref.engine);
  Result<Obtained> read = session_.AsPod<Obtained>(
      [&](const Secret& token) { return engine.Read(ref, token); });
  const bool nothing = !read && read.error().code == ErrorCode::kNotFound;
  if (nothing && personal_.IsSlot(ref)) return Obtained();
  return read;
}

}  // namespace claviger::sidecar
