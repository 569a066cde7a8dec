// SPDX-License-Identifier: Apache-2.0
#include "unit/sidecar/played_leases.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;

int64_t Left(SteadyTime ends, SteadyTime now) {
  return std::chrono::floor<seconds>(ends - now).count();
}

}  // namespace

std::optional<Result<vault::Answer>> PlayedLeases::Answer(
    const vault::Call& call, const std::string& token) {
  if (call.path == "sys/leases/renew") return Renew(call);
  if (call.path == "sys/leases/revoke") {
    revoked_ +=
        static_cast<int>(leases_.erase(json::parse(call.body).at("lease_id")));
    return vault::Answer(204, "");
  }
  if (const auto role = dynamic_.find(call.path); role != dynamic_.end()) {
    return Make(call.path, role->second, token);
  }
  const auto role = static_.find(call.path);
  if (role == static_.end()) return std::nullopt;
  const auto age = clock_.SteadyNow() - role->second.since;
  const auto turn = age / role->second.period;
  const auto next = role->second.since + (turn + 1) * role->second.period;
  return vault::Answer(200,
                       json{{"lease_id", ""},
                            {"data",
                             {{"username", "app"},
                              {"password", "pw-" + std::to_string(turn)},
                              {"last_vault_rotation", "2026-01-01T00:00:00Z"},
                              {"ttl", Left(next, clock_.SteadyNow())}}}}
                           .dump());
}

Result<vault::Answer> PlayedLeases::Make(const std::string& path,
                                         const DynamicRole& role,
                                         const std::string& token) {
  const SteadyTime now = clock_.SteadyNow();
  std::erase_if(leases_, [&](const auto& one) {
    return one.second.ends + std::chrono::hours(1) < now;
  });
  const std::string user = "user-" + std::to_string(++made_);
  const std::string id = path + "/" + user;
  leases_[id] = {path, token, user, now, now + role.ttl};
  return vault::Answer(200,
                       json{{"lease_id", id},
                            {"lease_duration", role.ttl.count()},
                            {"renewable", role.renewable},
                            {"data", {{"username", user}, {"password", "pw"}}}}
                           .dump());
}

Result<vault::Answer> PlayedLeases::Renew(const vault::Call& call) {
  const SteadyTime now = clock_.SteadyNow();
  const json body = json::parse(call.body);
  const auto found = leases_.find(body.at("lease_id"));
  if (found == leases_.end() || found->second.ends <= now) {
    ++renewed_dead_;
    return Fail(ErrorCode::kInvalidArgument, "no such lease");
  }
  ++renewed_;
  Lease& lease = found->second;
  const DynamicRole& role = dynamic_.at(lease.path);
  lease.ends = std::min(now + seconds(body.at("increment").get<int64_t>()),
                        lease.born + role.max_ttl);
  return vault::Answer(200, json{{"lease_id", found->first},
                                 {"lease_duration", Left(lease.ends, now)},
                                 {"renewable", true}}
                                .dump());
}

void PlayedLeases::EndOfToken(const std::string& token) {
  std::erase_if(leases_,
                [&](const auto& one) { return one.second.token == token; });
}

size_t PlayedLeases::live() const {
  return static_cast<size_t>(std::count_if(
      leases_.begin(), leases_.end(),
      [&](const auto& one) { return one.second.ends > clock_.SteadyNow(); }));
}

bool PlayedLeases::Works(const std::string& user) const {
  return !PathOf(user).empty();
}

std::string PlayedLeases::PathOf(const std::string& user) const {
  for (const auto& [id, lease] : leases_) {
    if (lease.user == user && lease.ends > clock_.SteadyNow()) {
      return lease.path;
    }
  }
  return "";
}

size_t PlayedLeases::LiveOf(const std::string& path) const {
  return static_cast<size_t>(
      std::count_if(leases_.begin(), leases_.end(), [&](const auto& one) {
        return one.second.path == path && one.second.ends > clock_.SteadyNow();
      }));
}

}  // namespace claviger::testing
