// SPDX-License-Identifier: Apache-2.0
#include "cli/vault_setup_steps.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "cli/operator_role.h"
#include "operator/own_policy.h"
#include "vault/auth.h"
#include "vault/policy.h"
#include "vault/role_compare.h"
#include "vault/sys.h"
#include "vault/wire.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

// Bindings and stored credentials are overwritten: only the newest counts, and
// one before it helps to see what changed.
constexpr int kVersions = 2;

/// The `data` of an answer; nothing where there is none yet.
Result<std::optional<json>> ReadData(vault::Api& api, const Secret& token,
                                     const std::string& path) {
  vault::Call call;
  call.path = path;
  call.token = &token;
  const auto document = vault::DoAndParse(api, call);
  if (!document) {
    if (document.error().code == ErrorCode::kNotFound) return std::nullopt;
    return Fail(document.error());
  }
  const json* data = document->Find({"data"});
  return data == nullptr ? std::nullopt : std::optional(*data);
}

bool Says(const json& config, const char* key, const std::string& value) {
  const auto found = config.find(key);
  const std::string actual = found != config.end() && found->is_string()
                                 ? found->get<std::string>()
                                 : "";
  // Vault gives certificates back without the last line's end.
  const auto trimmed = [](const std::string& text) {
    return text.substr(0, text.find_last_not_of(" \r\n") + 1);
  };
  return trimmed(actual) == trimmed(value);
}

/// The settings of the auth mount that `trust` asks for; null: none.
json TrustSettings(const std::string& kind, const TokenTrust& trust) {
  if (kind == "jwt") {
    if (!trust.keys.empty()) return {{"jwt_validation_pubkeys", trust.keys}};
    if (trust.discovery_url.empty()) return nullptr;
    return {{"oidc_discovery_url", trust.discovery_url},
            {"oidc_discovery_ca_pem", trust.discovery_ca}};
  }
  if (trust.kubernetes_host.empty()) return nullptr;
  return {{"kubernetes_host", trust.kubernetes_host},
          {"kubernetes_ca_cert", trust.kubernetes_ca},
          {"disable_local_ca_jwt",
           !trust.kubernetes_ca.empty() || !trust.reviewer_token.empty()}};
}

bool Matches(const json& wanted, const json& actual) {
  for (const auto& [key, value] : wanted.items()) {
    if (value.is_string() && !Says(actual, key.c_str(), value)) return false;
    if (!value.is_string() && actual.value(key, json()) != value) return false;
  }
  return true;
}

}  // namespace

std::string_view ToString(SetupStep::State state) {
  switch (state) {
    case SetupStep::State::kPresent:
      return "present";
    case SetupStep::State::kDone:
      return "done";
    case SetupStep::State::kWould:
      return "would be done";
    case SetupStep::State::kLeft:
      return "left to you";
  }
  return "";
}

void VaultSetup::Present(std::string what) {
  steps_.push_back({std::move(what), SetupStep::State::kPresent, ""});
}

void VaultSetup::Leave(std::string what, std::string note) {
  steps_.push_back({std::move(what), SetupStep::State::kLeft, std::move(note)});
}

Status VaultSetup::Do(std::string what, std::string note,
                      const std::function<Status()>& action) {
  if (!dry_run_) {
    if (Status done = action(); !done) return Fail(done.error(), what);
  }
  steps_.push_back(
      {std::move(what),
       dry_run_ ? SetupStep::State::kWould : SetupStep::State::kDone,
       std::move(note)});
  return {};
}

Status VaultSetup::Write(const std::string& path, std::string body) {
  vault::Call call;
  call.verb = vault::Verb::kWrite;
  call.path = path;
  call.body = std::move(body);
  call.token = &token_;
  auto answer = vault::DoAndWipe(api_, call);
  return answer ? Status() : Fail(answer.error());
}

Status VaultSetup::EnsureMount() {
  const std::string& mount = config_.layout.mount;
  const std::string what = "kv version 2 at " + mount;
  const auto mounts = vault::ListMounts(api_, token_);
  if (!mounts) return Fail(mounts.error());
  const auto found = mounts->find(mount);
  if (found == mounts->end()) {
    const Status made = Do(what, "a mount of Claviger's own", [&] {
      return vault::EnableMount(api_, token_, mount,
                                {"kv", {{"version", "2"}}});
    });
    return made ? EnsureMountSettings() : made;
  }
  const auto version = found->second.options.find("version");
  if (found->second.type != "kv" || version == found->second.options.end() ||
      version->second != "2") {
    return Fail(ErrorCode::kConflict,
                "at " + mount +
                    " there is something other than kv version 2; "
                    "choose another vault.mount");
  }
  Present(what);
  return EnsureMountSettings();
}

Status VaultSetup::EnsureMountSettings() {
  const std::string path = config_.layout.mount + "/config";
  const std::string what = "versions kept at " + config_.layout.mount;
  const std::string wanted = DumpJson(json{{"max_versions", kVersions}});
  // In a dry run the mount may not be there.
  if (!dry_run_ || steps_.back().state == SetupStep::State::kPresent) {
    const auto config = ReadData(api_, token_, path);
    if (config && *config && (*config)->value("max_versions", 0) == kVersions) {
      Present(what);
      return {};
    }
  }
  return Do(what, "the newest " + std::to_string(kVersions), [&] {
    Status written = Write(path, wanted);
    // A new mount is still being made ready, and answers 400 until then.
    while (!written && written.error().code == ErrorCode::kInvalidArgument &&
           pause_()) {
      written = Write(path, wanted);
    }
    return written;
  });
}

Status VaultSetup::EnsureAuthMount(const std::string& mount,
                                   const std::string& kind) {
  const std::string what = kind + " login at auth/" + mount;
  const auto mounts = vault::ListAuthMounts(api_, token_);
  if (!mounts) return Fail(mounts.error());
  const auto found = mounts->find(mount);
  if (found == mounts->end()) {
    return Do(what, "", [&] {
      return vault::EnableAuthMount(api_, token_, mount, kind);
    });
  }
  // oidc and jwt are one plugin.
  if (found->second.type != kind &&
      !(kind == "jwt" && found->second.type == "oidc")) {
    return Fail(ErrorCode::kConflict, "at auth/" + mount + " there is " +
                                          found->second.type +
                                          " login; choose another mount");
  }
  Present(what);
  return {};
}

Status VaultSetup::EnsureTrust(const TokenTrust& trust) {
  const std::string& mount = config_.layout.auth_mount;
  const std::string path = "auth/" + mount + "/config";
  const std::string what = "whose tokens auth/" + mount + " trusts";
  const bool mounted = steps_.back().state != SetupStep::State::kWould;
  std::optional<json> config;
  if (mounted) {
    auto read = ReadData(api_, token_, path);
    if (!read) return Fail(read.error(), what);
    config = std::move(*read);
  }
  const json wanted = TrustSettings(config_.layout.auth_kind, trust);
  if (wanted.is_null()) {
    if (config) {
      Present(what);
    } else if (config_.layout.auth_kind == "jwt") {
      Leave(what, "give --jwt-keys or --jwt-discovery-url");
    } else {
      Leave(what,
            "give --kubernetes-host, and unless Vault runs in the "
            "cluster --kubernetes-ca and --reviewer-token-file");
    }
    return {};
  }
  // A reviewer's token cannot be read back, so a given one is always written.
  if (config && trust.reviewer_token.empty() && Matches(wanted, *config)) {
    Present(what);
    return {};
  }
  return Do(what, trust.reviewer_token.empty() ? "" : "with a reviewer", [&] {
    std::string body = DumpJson(wanted);
    if (!trust.reviewer_token.empty()) {
      auto reviewer = vault::PlainObject(
          {{"token_reviewer_jwt", trust.reviewer_token.Reveal()}});
      if (!reviewer) return Status(Fail(reviewer.error()));
      body.reserve(body.size() + reviewer->size());
      body.back() = ',';
      body.append(*reviewer, 1);
      WipeString(*reviewer);
    }
    Status written = Write(path, std::move(body));
    if (!written && written.error().code == ErrorCode::kInvalidArgument &&
        config_.layout.auth_kind == "kubernetes" &&
        trust.kubernetes_ca.empty()) {
      written.error().message +=
          "; unless Vault runs in the cluster, give --kubernetes-ca";
    }
    return written;
  });
}

Status VaultSetup::EnsurePolicy() {
  const std::string name = OperatorPolicyName(config_);
  const std::string what = "policy " + name;
  const std::string wanted = op::OwnPolicyText(config_.layout);
  const auto actual = vault::ReadPolicy(api_, token_, name);
  if (!actual && actual.error().code != ErrorCode::kNotFound) {
    return Fail(actual.error(), what);
  }
  if (actual) {
    const auto parsed = ParseJson(*actual);
    if (parsed && DumpJson(*parsed) == wanted) {
      Present(what);
      return {};
    }
  }
  return Do(what, actual ? "changed to what the operator needs" : "",
            [&] { return vault::WritePolicy(api_, token_, name, wanted); });
}

Status VaultSetup::EnsureRole(const model::ObjectRef& account) {
  const std::string name = OperatorRoleName(config_);
  const std::string& mount = config_.layout.auth_mount;
  const std::string what = "role " + name + " at auth/" + mount;
  const std::string wanted = OperatorRoleText(config_, account);
  const auto actual = vault::ReadRole(api_, token_, mount, name);
  if (!actual && actual.error().code != ErrorCode::kNotFound && !dry_run_) {
    return Fail(actual.error(), what);
  }
  if (actual && vault::RoleMatches(wanted, *actual)) {
    Present(what);
    return {};
  }
  return Do(what, "for the service account " + ToString(account), [&] {
    return vault::WriteRole(api_, token_, mount, name, wanted);
  });
}

Status VaultSetup::Run(const TokenTrust& trust,
                       const model::ObjectRef& account) {
  if (Status done = EnsureMount(); !done) return done;
  const access::VaultLayout& layout = config_.layout;
  if (Status done = EnsureAuthMount(layout.auth_mount, layout.auth_kind);
      !done) {
    return done;
  }
  if (Status done = EnsureTrust(trust); !done) return done;
  if (!layout.user_auth_mount.empty()) {
    if (Status done = EnsureAuthMount(layout.user_auth_mount, "jwt"); !done) {
      return done;
    }
    Leave("whose users auth/" + layout.user_auth_mount + " trusts",
          "vault write auth/" + layout.user_auth_mount +
              "/config oidc_discovery_url=<your identity provider>");
  }
  if (Status done = EnsurePolicy(); !done) return done;
  return EnsureRole(account);
}

}  // namespace claviger::cli
