// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_sidecars.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "access/principal.h"
#include "base/file.h"
#include "sidecar/proxy/address.h"

namespace claviger::cli {
namespace {

// What sockaddr_un holds, less the closing zero.
constexpr size_t kMaxSocketPath = 107;
constexpr std::chrono::milliseconds kReadyWithin{15'000};
constexpr std::chrono::milliseconds kLookEvery{20};

// Servers of a development run are often on this machine.
sidecar::proxy::AddressRules AlsoLoopback() {
  sidecar::proxy::AddressRules rules;
  for (const char* range : {"127.0.0.0/8", "::1"}) {
    rules.allowed.push_back(*sidecar::proxy::ParseAddressRange(range));
  }
  return rules;
}

std::string ListenersOf(const DevSidecars::Place& place) {
  return place.socket.substr(0, place.socket.rfind('.')) + ".d";
}

sidecar::Settings SettingsFor(const DevSidecars::Place& place,
                              std::vector<providers::ListenWish> wanted,
                              const access::VaultLayout& layout) {
  sidecar::Settings settings;
  settings.vault.cluster = layout.cluster;
  settings.vault.mount = layout.mount;
  settings.vault.auth_mount = layout.auth_mount;
  settings.identity = place.account;
  settings.socket.path = place.socket;
  settings.socket.mode = 0600;
  settings.health = sidecar::HealthSettings{"127.0.0.1", 0};
  settings.tcp.secret_file = place.secret_file;
  settings.proxy.listeners = std::move(wanted);
  settings.proxy.directory = ListenersOf(place);
  settings.proxy.addresses = AlsoLoopback();
  // A developer who changes a file looks at once.
  settings.intervals.bindings = std::chrono::milliseconds(500);
  settings.intervals.kv = std::chrono::milliseconds(2'000);
  settings.intervals.drain = std::chrono::milliseconds(1'000);
  return settings;
}

}  // namespace

DevSidecars::DevSidecars(std::string directory, DevVault& vault,
                         Context& context)
    : directory_(std::move(directory)), vault_(vault), context_(context) {}

DevSidecars::~DevSidecars() {
  for (Running& running : running_) running.sidecar->Stop();
  for (Running& running : running_) running.thread.join();
  for (const Place& place : places_) {
    unlink(place.socket.c_str());
    unlink(place.token_file.c_str());
    if (place.secret_file.empty()) continue;
    unlink(place.secret_file.c_str());
    std::error_code ignored;
    std::filesystem::remove_all(ListenersOf(place), ignored);
  }
}

Result<DevSidecars::Place> DevSidecars::Prepare(
    const model::ObjectRef& account) {
  Place place;
  place.account = account;
  std::string base = directory_ + "/" + account.ns + "." + account.name;
  if (base.size() + 5 > kMaxSocketPath) {
    base = directory_ + "/sidecar-" + std::to_string(places_.size() + 1);
  }
  place.socket = base + ".sock";
  place.token_file = base + ".jwt";
  if (place.socket.size() > kMaxSocketPath) {
    return Fail(ErrorCode::kInvalidArgument,
                "a socket below " + directory_ +
                    " would have too long a path; choose a shorter "
                    "--socket-dir");
  }
  place.role = access::VaultNameOf(
      vault_.layout().cluster,
      access::Principal::ServiceAccount(account.ns, account.name));
  return place;
}

Status DevSidecars::Start(const model::ObjectRef& account,
                          std::vector<providers::ListenWish> wanted) {
  auto place = Prepare(account);
  if (!place) return Fail(place.error());
  if (!wanted.empty()) {
    place->secret_file =
        place->socket.substr(0, place->socket.rfind('.')) + ".secret";
  }
  const auto token = vault_.MintToken(account);
  if (!token) return Fail(token.error());
  auto status = WriteFileAtomically(place->token_file, token->Reveal(), 0600);
  if (!status) return status;
  sidecar::Dependencies dependencies{
      vault_.api(), context_.clock, context_.random, context_.log,
      [this, account] { return vault_.MintToken(account); }};
  Running running;
  running.sidecar = std::make_unique<sidecar::Sidecar>(
      SettingsFor(*place, std::move(wanted), vault_.layout()),
      std::move(dependencies));
  status = running.sidecar->Start();
  if (!status) {
    unlink(place->token_file.c_str());
    return Fail(status.error(), "start the sidecar of sa/" + ToString(account));
  }
  place->listeners = running.sidecar->listeners();
  running.thread =
      std::thread([sidecar = running.sidecar.get()] { sidecar->Run(); });
  running_.push_back(std::move(running));
  places_.push_back(std::move(*place));
  return {};
}

bool DevSidecars::IsReady(const Running& running) {
  const auto port = running.sidecar->health_port();
  if (!port) return false;
  http::ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(*port) + "/readyz";
  const auto response = vault_.client().Send(request);
  return response && response->status == 200;
}

Status DevSidecars::WaitUntilReady() {
  const SteadyTime deadline = context_.clock.SteadyNow() + kReadyWithin;
  for (size_t i = 0; i < running_.size();) {
    if (IsReady(running_[i])) {
      ++i;
      continue;
    }
    if (context_.clock.SteadyNow() >= deadline) {
      return Fail(ErrorCode::kDeadlineExceeded,
                  "the sidecar of sa/" + ToString(places_[i].account) +
                      " did not become ready");
    }
    if (!context_.stop.WaitFor(kLookEvery)) {
      return Fail(ErrorCode::kUnavailable, "ended before it was ready");
    }
  }
  return {};
}

}  // namespace claviger::cli
