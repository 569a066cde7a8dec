// SPDX-License-Identifier: Apache-2.0
#include "dev/vault_core.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "dev/jwt_auth.h"
#include "dev/kubernetes_auth.h"
#include "dev/kv1.h"
#include "dev/kv2.h"
#include "dev/token_backend.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr size_t kMaxStoredBytes = size_t{64} << 20U;
constexpr std::string_view kVersion = "1.21.0-claviger-dev";

Capability CapabilityFor(Operation operation) {
  switch (operation) {
    case Operation::kRead:
      return Capability::kRead;
    case Operation::kList:
      return Capability::kList;
    case Operation::kCreate:
      return Capability::kCreate;
    case Operation::kDelete:
      return Capability::kDelete;
    case Operation::kUpdate:
      break;
  }
  return Capability::kUpdate;
}

Reply Bare(int status, json data) {
  Reply reply = WithData(std::move(data));
  reply.status = status;
  reply.bare = true;
  return reply;
}

Reply NoHandler(const std::string& path) {
  return Refused(
      404, "no handler for route \"" + path + "\". route entry not found.");
}

}  // namespace

VaultCore::VaultCore(Clock& clock, Random& random, JwsKey reviewer)
    : clock_(clock),
      random_(random),
      reviewer_(std::move(reviewer)),
      budget_(kMaxStoredBytes),
      tokens_(clock, random),
      policies_(budget_),
      mounts_(random) {}

VaultCore::~VaultCore() = default;

Result<std::unique_ptr<VaultCore>> VaultCore::Create(
    Clock& clock, Random& random, DevelopmentIssuer& issuer) {
  auto reviewer = JwsKey::FromPem(issuer.service_account_public_key());
  if (!reviewer) return Fail(reviewer.error());
  std::unique_ptr<VaultCore> core(
      new VaultCore(clock, random, *std::move(reviewer)));
  if (const Status mounted = core->MountTheFirst(); !mounted) {
    return Fail(mounted.error());
  }
  TokenRequest root;
  root.policies = {"root"};
  root.display_name = "root";
  root.path = "auth/token/root";
  root.endless = true;
  auto created = core->tokens_.Create(std::move(root));
  if (!created) return Fail(created.error());
  core->root_token_ = std::move(created->value);
  return core;
}

Status VaultCore::MountTheFirst() {
  Mount sys;
  sys.type = "system";
  auto backend = std::make_unique<SysBackend>(
      tokens_, policies_, mounts_,
      [this](const std::string& path, Mount& mount) {
        return MakeBackend(path, mount);
      },
      [this] { sealed_ = true; });
  sys_ = backend.get();
  sys.backend = std::move(backend);
  if (const Status added = mounts_.Add("sys/", std::move(sys)); !added) {
    return added;
  }
  Mount token;
  token.type = "token";
  token.description = "token based credentials";
  token.backend = std::make_unique<TokenBackend>(
      tokens_, policies_, [this](const Token& made) -> Result<int64_t> {
        const auto route = mounts_.Find(made.made.path);
        if (made.made.role.empty() || !route) return 0;
        return route->mount->backend->RoleTtl(made.made.role);
      });
  return mounts_.Add("auth/token/", std::move(token));
}

Result<std::unique_ptr<Backend>> VaultCore::MakeBackend(const std::string& path,
                                                        Mount& mount) {
  const bool auth = Below(path, "auth/").has_value();
  if (auth && mount.type == "kubernetes") {
    return std::make_unique<KubernetesAuth>(path, clock_, tokens_, reviewer_);
  }
  if (auth && mount.type == "jwt") {
    return std::make_unique<JwtAuth>(path, clock_, tokens_);
  }
  if (!auth && mount.type == "kv-v2") {
    mount.type = "kv";
    mount.options["version"] = "2";
  }
  if (!auth && mount.type == "kv") {
    const auto version = mount.options.find("version");
    if (version == mount.options.end() || version->second == "1") {
      return std::make_unique<Kv1>(budget_);
    }
    if (version->second == "2") {
      return std::make_unique<Kv2>(clock_, budget_);
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              "plugin not found in the catalog: " + mount.type);
}

http::ServerResponse VaultCore::Answer(http::ServerRequest&& request) {
  Parsed parsed = ParseRequest(std::move(request));
  if (!parsed.request) return std::move(parsed.refusal);
  const std::lock_guard lock(mutex_);
  const Reply reply = Route(*parsed.request);
  return ToHttp(reply, UuidV5(random_.Bytes(16)));
}

void VaultCore::Seal(bool sealed) {
  const std::lock_guard lock(mutex_);
  sealed_ = sealed;
}

std::optional<Reply> VaultCore::Health(const Request& request) const {
  if (request.path == "sys/health") {
    const auto now = std::chrono::floor<std::chrono::seconds>(
        clock_.Now().time_since_epoch());
    return Bare(sealed_ ? 503 : 200, {{"initialized", true},
                                      {"sealed", sealed_},
                                      {"standby", sealed_},
                                      {"performance_standby", false},
                                      {"server_time_utc", now.count()},
                                      {"version", kVersion},
                                      {"cluster_name", "claviger-dev"}});
  }
  if (request.path == "sys/seal-status") {
    return Bare(200, {{"type", "shamir"},
                      {"initialized", true},
                      {"sealed", sealed_},
                      {"t", 1},
                      {"n", 1},
                      {"progress", 0},
                      {"version", kVersion}});
  }
  if (request.path == "sys/init") return Bare(200, {{"initialized", true}});
  return std::nullopt;
}

Reply VaultCore::Route(Request& request) {
  if (request.operation == Operation::kRead) {
    if (auto health = Health(request)) return *std::move(health);
  }
  if (sealed_) return Refused(503, "Vault is sealed");
  const auto route = mounts_.Find(request.path);
  if (route && route->mount->backend->IsLogin(route->rest)) {
    return Serve(request, *route);
  }
  if (request.token.empty()) return Refused(403, "permission denied");
  Token* caller = tokens_.Find(request.token);
  if (caller == nullptr) {
    return Refused(
        403,
        "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");
  }
  request.caller = caller;
  tokens_.Use(*caller);
  const std::string digest = caller->digest;
  Reply reply;
  if (!MayPass(request, route ? &*route : nullptr)) {
    reply = Forbidden();
  } else {
    reply = route ? Serve(request, *route) : NoHandler(request.path);
  }
  tokens_.DropIfSpent(digest);
  return reply;
}

bool VaultCore::MayPass(Request& request, const MountTable::Route* route) {
  const Acl acl = policies_.AclOf(request.caller->made.policies);
  bool wants_sudo = false;
  if (route != nullptr) {
    const Backend& backend = *route->mount->backend;
    if (backend.IsOpen(route->rest)) return true;
    wants_sudo = backend.WantsSudo(route->rest);
    if (request.writes() && backend.Exists(route->rest) == false) {
      request.operation = Operation::kCreate;
    }
  }
  const Capabilities may =
      acl.On(request.path, request.operation == Operation::kList);
  request.sudo = may.Allows(Capability::kSudo);
  return may.Allows(CapabilityFor(request.operation)) &&
         (!wants_sudo || request.sudo);
}

Reply VaultCore::Serve(Request& request, const MountTable::Route& route) {
  request.path = route.rest;
  return route.mount->backend->Handle(request);
}

Status VaultCore::PutKv(std::string_view path, std::string_view data_json) {
  const auto wrong = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot seed " + std::string(path) + ": " + why);
  };
  auto data = ParseJson(data_json);
  if (!data || !data->is_object()) return wrong("data is no JSON object");
  const std::lock_guard lock(mutex_);
  const std::string full(path);
  auto route = mounts_.Find(full);
  if (!route) {
    Mount mount;
    mount.type = "kv-v2";
    const Status mounted =
        sys_->MountAt(full.substr(0, full.find('/')) + "/", std::move(mount));
    if (!mounted) return wrong(mounted.error().message);
    route = mounts_.Find(full);
  }
  if (route->mount->type != "kv" || route->rest.empty() ||
      route->rest.back() == '/') {
    return wrong("no path of a KV mount");
  }
  const auto version = route->mount->options.find("version");
  const bool v2 =
      version != route->mount->options.end() && version->second == "2";
  Request request;
  request.operation = Operation::kUpdate;
  request.path = v2 ? "data/" + route->rest : route->rest;
  request.body = v2 ? json{{"data", *std::move(data)}} : *std::move(data);
  const Reply reply = route->mount->backend->Handle(request);
  if (reply.status < 300) return {};
  return wrong(reply.errors && !reply.errors->empty() ? reply.errors->front()
                                                      : "refused");
}

}  // namespace claviger::dev
