// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/partition.h"

#include "base/digest.h"
#include "sidecar/credentials/cache.h"

namespace claviger::sidecar {

std::string CachePartitions::Of(const access::ConnectionFacts& connection,
                                const std::string& slot,
                                const model::VaultRef& ref,
                                const access::Caller& caller) const {
  std::string identity;
  for (const std::string& part :
       {connection.uid, model::ToString(connection.ref), slot,
        std::string(model::ToString(ref.engine)), CredentialKey(ref),
        access::ToString(caller)}) {
    identity.append(part).push_back('\0');
  }
  return HmacSha256Hex(key_.Reveal(), identity).substr(0, 32);
}

}  // namespace claviger::sidecar
