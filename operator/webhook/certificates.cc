// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/certificates.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "operator/webhook/configuration.h"

namespace claviger::op::webhook {
namespace {

constexpr size_t kMaxPemFile = size_t{1} << 20U;
// More steps than any state has before it comes to rest.
constexpr int kMaxSteps = 8;
constexpr int kMaxConflicts = 3;

CertificateState::Authority Times(const KeyPair& pair,
                                  std::optional<Time> trusted_since) {
  return {pair.not_before, pair.not_after, trusted_since};
}

}  // namespace

CertificateKeeper::CertificateKeeper(CertificateSettings settings,
                                     const kube::Client& client,
                                     http::CertificateStore& store,
                                     Random& random, Logger& log,
                                     Counters& counters)
    : settings_(std::move(settings)),
      client_(client),
      store_(store),
      random_(random),
      log_(log),
      counters_(counters) {}

Status CertificateKeeper::Tick(Time now) {
  if (settings_.cert_file.empty()) return TickOwn(now);
  if (auto read = TickFiles(); !read) return read;
  return SyncBundles(now);
}

// What stands in the bundle is looked at each time: somebody may have applied
// the configurations anew, without it. What needs no API server is done
// without one.
Status CertificateKeeper::TickOwn(Time now) {
  const Status synced = authority_ ? SyncBundles(now) : Status();
  for (int i = 0; i < kMaxSteps; ++i) {
    const Step step = NextStep(State(), settings_.times, now);
    if (step == Step::kNone) return synced;
    if (auto done = Do(step, now); !done) return done;
  }
  return synced;
}

Status CertificateKeeper::Do(Step step, Time now) {
  switch (step) {
    case Step::kNone:
      return {};
    case Step::kMakeAuthority: {
      auto made = MakeOne(now);
      if (!made) return Fail(made.error());
      authority_ = *std::move(made);
      leaf_.reset();
      return {};
    }
    case Step::kMakeSuccessor: {
      auto made = MakeOne(now);
      if (!made) return Fail(made.error());
      successor_ = *std::move(made);
      return {};
    }
    case Step::kPublish:
      return SyncBundles(now);
    case Step::kPromote:
      authority_ = std::move(successor_);
      successor_.reset();
      leaf_.reset();
      log_.Info("webhook authority replaced");
      return {};
    case Step::kIssueLeaf:
      return Serve(now);
  }
  return {};
}

Result<CertificateKeeper::Authority> CertificateKeeper::MakeOne(Time now) {
  auto made = MakeAuthority("claviger webhook authority", now,
                            settings_.times.authority_life, random_);
  if (!made) return Fail(made.error());
  return Authority{*std::move(made), std::nullopt};
}

Status CertificateKeeper::Serve(Time now) {
  const auto leaf = IssueLeaf(authority_->pair, settings_.dns_names, now,
                              settings_.times.leaf_life, random_);
  if (!leaf) return Fail(leaf.error());
  if (auto set = store_.Set(leaf->certificate_pem, leaf->key_pem); !set) {
    return set;
  }
  leaf_ = CertificateState::Leaf{leaf->not_before, leaf->not_after};
  counters_.SetCertificateEnd(leaf->not_after);
  log_.Info("webhook certificate issued",
            {{"notAfter", FormatRfc3339(leaf->not_after)}});
  return {};
}

Status CertificateKeeper::TickFiles() {
  const auto chain = ReadFile(settings_.cert_file, kMaxPemFile);
  if (!chain) return Fail(chain.error(), "read " + settings_.cert_file);
  auto key_text = ReadFile(settings_.key_file, kMaxPemFile);
  if (!key_text) return Fail(key_text.error(), "read " + settings_.key_file);
  const Secret key(*std::move(key_text));
  std::string seen = HmacSha256Hex(key.Reveal(), *chain);
  if (seen == files_seen_) return {};
  if (auto set = store_.Set(*chain, key); !set) {
    return Fail(set.error(), settings_.cert_file);
  }
  files_seen_ = std::move(seen);
  if (const auto validity = ReadValidity(*chain)) {
    counters_.SetCertificateEnd(validity->not_after);
  }
  log_.Info("webhook certificate read", {{"file", settings_.cert_file}});
  return {};
}

Status CertificateKeeper::SyncBundles(Time now) {
  published_.clear();
  auto synced =
      SyncBundle(kube::kValidatingWebhooks, settings_.validating, now);
  if (synced) {
    synced = SyncBundle(kube::kMutatingWebhooks, settings_.mutating, now);
  }
  for (auto* one : {&authority_, &successor_}) {
    if (!*one) continue;
    auto& since = (*one)->trusted_since;
    // A bundle that could not be looked at is still what it was.
    if (synced && !since) since = now;
  }
  return synced;
}

Status CertificateKeeper::SyncBundle(const kube::Resource& resource,
                                     const std::string& name, Time now) {
  for (int i = 0; i < kMaxConflicts; ++i) {
    const auto text = client_.Get(resource, {"", name});
    if (!text) return Fail(text.error(), "publish the webhook's authority");
    const auto edit = EditBundles(*text, Ours(), now);
    if (!edit) return Fail(edit.error(), "publish the webhook's authority");
    if (edit->merge_patch.empty()) {
      published_ = edit->bundle;
      return {};
    }
    const auto patched = client_.Patch(resource, {"", name}, edit->merge_patch);
    if (patched) {
      published_ = edit->bundle;
      return {};
    }
    if (patched.error().code != ErrorCode::kConflict) {
      return Fail(patched.error(), "publish the webhook's authority");
    }
  }
  return Fail(ErrorCode::kConflict, "publish the webhook's authority: " + name +
                                        " kept changing meanwhile");
}

std::vector<std::string> CertificateKeeper::Ours() const {
  std::vector<std::string> ours;
  for (const auto* one : {&authority_, &successor_}) {
    if (*one) ours.push_back((*one)->pair.certificate_pem);
  }
  return ours;
}

CertificateState CertificateKeeper::State() const {
  CertificateState state;
  if (authority_) {
    state.authority = Times(authority_->pair, authority_->trusted_since);
  }
  if (successor_) {
    state.successor = Times(successor_->pair, successor_->trusted_since);
  }
  state.leaf = leaf_;
  return state;
}

}  // namespace claviger::op::webhook
