// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_listeners.h"

#include <algorithm>

#include "operator/inject/connections.h"

namespace claviger::cli {

std::vector<providers::ListenWish> ListenersFor(
    const access::Snapshot& snapshot, const model::ObjectRef& account,
    Time now) {
  std::vector<providers::ListenWish> wishes;
  for (const model::Connection& connection : snapshot.connections()) {
    const model::ObjectRef ref = connection.ref();
    const auto protocol = op::inject::ProtocolFor(snapshot, ref, account, now);
    if (!protocol) continue;
    if (wishes.size() == providers::kMaxListenWishes) break;
    wishes.push_back({ref, *protocol, 0});
  }
  std::sort(wishes.begin(), wishes.end());
  return wishes;
}

}  // namespace claviger::cli
