// SPDX-License-Identifier: Apache-2.0
//
// Access by the sidecar's own decisions and cache. Loop's thread only, but for
// what comes back from the worker, which is posted there.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "sidecar/api/credential_resolver.h"
#include "sidecar/api/refetch_limit.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/proxy/access.h"

namespace claviger::sidecar::proxy {

/// A resolution as the yes that it is.
Permit PermitOf(Resolved resolved);

class CredentialAccess final : public Access {
 public:
  /// Runs a task on the loop's thread: at once where it is there already.
  using Post = std::function<void(std::function<void()>)>;

  /// References outlive the object; so does the object what it was asked.
  CredentialAccess(CredentialResolver& resolver, CredentialCache& cache,
                   RefetchLimit& refetches, Post post)
      : resolver_(resolver),
        cache_(cache),
        refetches_(refetches),
        post_(std::move(post)) {}

  void Obtain(const model::ObjectRef& connection, Done done) override;
  void Replace(const Permit& refused, Done done) override;
  Result<Fields> FieldsOf(const Permit& permit) const override;

 private:
  void Fetch(const Permit& refused, Done done);
  void OnFetched(const Permit& refused);

  CredentialResolver& resolver_;
  CredentialCache& cache_;
  RefetchLimit& refetches_;
  const Post post_;
  /// Those who wait for one fetch, by what is fetched.
  std::map<std::string, std::vector<Done>> waiting_;
};

}  // namespace claviger::sidecar::proxy
