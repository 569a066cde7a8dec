// SPDX-License-Identifier: Apache-2.0
#include "dev/sys_backend.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "dev/fields.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr std::string_view kAuth = "auth/";
constexpr size_t kMaxPaths = 10'000;

bool IsAuth(const std::string& path) { return Below(path, kAuth).has_value(); }

Reply Repeated(json data) {
  Reply reply = WithData(std::move(data));
  reply.repeat_data = true;
  return reply;
}

Reply Invalid(const char* what) {
  return Refused(
      400, "1 error occurred:\n\t* invalid " + std::string(what) + "\n\n");
}

std::string TextOf(const json& body, const char* field) {
  std::string value;
  Fields(body).Read(field, value);
  return value;
}

}  // namespace

Reply SysBackend::Handle(const Request& request) {
  const std::string& path = request.path;
  if (path == "mounts" || path == "auth") {
    if (request.operation != Operation::kRead) return UnsupportedOperation();
    return Repeated(MountsBelow(path == "auth" ? kAuth : "", nullptr));
  }
  if (const auto name = Below(path, "mounts/")) {
    return HandleMount(request, *name, "");
  }
  if (const auto name = Below(path, kAuth)) {
    return HandleMount(request, *name, kAuth);
  }
  if (path == "policies/acl" || path == "policies/acl/") {
    return request.operation == Operation::kList ? WithKeys(policies_.Names())
                                                 : UnsupportedOperation();
  }
  if (const auto name = Below(path, "policies/acl/")) {
    return HandlePolicy(request, *name);
  }
  if (Below(path, "capabilities")) return HandleCapabilities(request);
  if (const auto action = Below(path, "leases/")) {
    return HandleLeases(request, *action);
  }
  if (path == "internal/ui/mounts") {
    const Acl acl = policies_.AclOf(request.caller->made.policies);
    return WithData({{"secret", MountsBelow("", &acl)},
                     {"auth", MountsBelow(kAuth, &acl)}});
  }
  if (const auto rest = Below(path, "internal/ui/mounts/")) {
    return UiMount(request, *rest);
  }
  if (path == "seal" && request.writes()) {
    seal_();
    return NoContent();
  }
  return UnsupportedPath();
}

// All of them, or those that `visible_to` reaches into.
json SysBackend::MountsBelow(std::string_view prefix,
                             const Acl* visible_to) const {
  json out = json::object();
  for (const auto& [path, mount] : mounts_.all()) {
    if (IsAuth(path) != (prefix == kAuth)) continue;
    if (visible_to != nullptr && !visible_to->ReachesInto(path)) continue;
    out[path.substr(prefix.size())] = MountJson(mount);
  }
  return out;
}

Reply SysBackend::HandleMount(const Request& request, const std::string& name,
                              std::string_view prefix) {
  if (name.empty() || request.operation == Operation::kList) {
    return UnsupportedPath();
  }
  if (request.writes()) return Enable(request, name, prefix);
  if (request.operation == Operation::kDelete) return Disable(name, prefix);
  const Mount* mount = mounts_.At(std::string(prefix) + name + "/");
  if (mount == nullptr) {
    return Refused(400, (prefix == kAuth ? "No auth engine at "
                                         : "No secret engine mount at ") +
                            name + "/");
  }
  return Repeated(MountJson(*mount));
}

Status SysBackend::MountAt(const std::string& path, Mount mount) {
  auto backend = factory_(path, mount);
  if (!backend) return Fail(backend.error());
  mount.backend = *std::move(backend);
  return mounts_.Add(path, std::move(mount));
}

Reply SysBackend::Enable(const Request& request, const std::string& name,
                         std::string_view prefix) {
  const std::string path = std::string(prefix) + name + "/";
  if (prefix.empty() && (path == "sys/" || IsAuth(path))) {
    return Refused(400, "cannot mount \"" + path + "\"");
  }
  Mount mount;
  Fields fields(request.body);
  fields.Read("type", mount.type)
      .Read("description", mount.description)
      .Read("options", mount.options);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (mount.type.empty()) {
    return Refused(400, "backend type must be specified as a string");
  }
  const Status mounted = MountAt(path, std::move(mount));
  return mounted ? NoContent() : RefusedBy(mounted.error());
}

Reply SysBackend::Disable(const std::string& name, std::string_view prefix) {
  const std::string path = std::string(prefix) + name + "/";
  if (path == "sys/" || path == "auth/token/") {
    return Refused(400, "cannot unmount \"" + name + "/\"");
  }
  if (IsAuth(path)) tokens_.RevokeMadeAt(path);
  mounts_.Remove(path);
  return NoContent();
}

Reply SysBackend::HandlePolicy(const Request& request,
                               const std::string& name) {
  if (request.operation == Operation::kRead) {
    const std::string* text = policies_.Text(name);
    if (text == nullptr) return NotFound();
    return WithData({{"name", FoldName(name)}, {"policy", *text}});
  }
  if (request.operation == Operation::kList) return UnsupportedOperation();
  const Status done =
      request.writes() ? policies_.Write(name, TextOf(request.body, "policy"))
                       : policies_.Remove(name);
  return done ? NoContent() : RefusedBy(done.error());
}

Reply SysBackend::HandleLeases(const Request& request,
                               const std::string& action) const {
  if (!request.writes()) return UnsupportedOperation();
  if (TextOf(request.body, "lease_id").empty()) {
    return Refused(400, "lease_id must be specified");
  }
  if (action == "renew") return Refused(400, "lease not found");
  if (action == "lookup") return Refused(400, "invalid lease");
  return action == "revoke" ? NoContent() : UnsupportedPath();
}

Reply SysBackend::HandleCapabilities(const Request& request) {
  if (!request.writes()) return UnsupportedOperation();
  if (request.path == "capabilities-self") {
    return CapabilitiesOf(*request.caller, request);
  }
  if (request.path == "capabilities") {
    const Token* token = tokens_.Find(TextOf(request.body, "token"));
    return token ? CapabilitiesOf(*token, request) : Invalid("token");
  }
  if (request.path == "capabilities-accessor") {
    const Token* token = tokens_.FindAccessor(TextOf(request.body, "accessor"));
    return token ? CapabilitiesOf(*token, request) : Invalid("accessor");
  }
  return UnsupportedPath();
}

Reply SysBackend::CapabilitiesOf(const Token& token,
                                 const Request& request) const {
  std::vector<std::string> paths;
  Fields fields(request.body);
  fields.Read("paths", paths);
  if (paths.empty()) fields.Read("path", paths);
  if (!fields.status()) return RefusedBy(fields.status().error());
  if (paths.empty()) return Refused(400, "paths must be supplied");
  if (paths.size() > kMaxPaths) return Refused(400, "too many paths");
  const Acl acl = policies_.AclOf(token.made.policies);
  json data = json::object();
  for (const std::string& path : paths) {
    const auto bare = Below(path, "/");
    data[path] = acl.On(bare ? *bare : path, true).Names();
  }
  if (paths.size() == 1) data["capabilities"] = data[paths.front()];
  return Repeated(std::move(data));
}

Reply SysBackend::UiMount(const Request& request, const std::string& path) {
  const auto route = mounts_.Find(path);
  const Acl acl = policies_.AclOf(request.caller->made.policies);
  if (!route || !acl.ReachesInto(*route->path)) {
    return Refused(403,
                   "preflight capability check returned 403, please ensure "
                   "client's policies grant access to path \"" +
                       path + "/\"");
  }
  json data = MountJson(*route->mount);
  data["path"] = *route->path;
  return WithData(std::move(data));
}

}  // namespace claviger::dev
