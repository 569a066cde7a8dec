// SPDX-License-Identifier: Apache-2.0
//
// The catalogue of providers: what each needs to be reached, which credentials
// it takes, and whether the sidecar can use them on the application's behalf.
// Tables only; what fits together is decided in compatibility.h. Pure, and
// safe to use from several threads.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace claviger::providers {

/// Who may hold credentials of a type.
enum class Holder {
  kAnyone,    // a person, a workload, or everybody together
  kPerson,    // one person: never shared
  kWorkload,  // the workload itself: never a viewer's own
};

/// The keys that a credential of one type has. A Connection's `keys` map
/// renames these, and the credential answer uses them.
struct CredentialType {
  std::string_view id;
  Holder holder = Holder::kAnyone;
  std::vector<std::string_view> required = {};
  std::vector<std::string_view> optional = {};
  /// Of these one is required; they are among `optional`.
  std::vector<std::string_view> one_of = {};

  bool HasKey(std::string_view key) const;
};

enum class EndpointFamily {
  kUrl,   // endpoint.url, methods, pathPrefixes
  kHost,  // endpoint.host, port
};

struct Provider {
  std::string_view id;
  std::string_view title;
  EndpointFamily family = EndpointFamily::kHost;
  int default_port = 0;  // of the host family
  bool has_database = false;
  bool has_hosts = false;  // more than one host may be named
  /// The sidecar can use the credential without disclosing it (planned or
  /// built); without it `serverSideOnly: false` must be said.
  bool has_injector = false;
  std::vector<std::string_view> types = {};
  /// Types that ViewerCredentials cannot take here, although their holder may
  /// be anyone elsewhere: the provider would not see the person behind them.
  std::vector<std::string_view> not_for_viewers = {};
  std::vector<std::string_view> parameters = {};

  bool Accepts(std::string_view type) const;
  bool TakesParameter(std::string_view name) const;
};

/// All providers and types, in the catalogue's order.
const std::vector<Provider>& AllProviders();
const std::vector<CredentialType>& AllCredentialTypes();

/// Null where there is none of that name.
const Provider* Find(std::string_view id);
const CredentialType* FindType(std::string_view id);

/// False for an unknown provider.
bool HasInjector(std::string_view id);

/// True if ViewerCredentials may be used with that type at that provider.
bool IsForViewers(const Provider& provider, const CredentialType& type);

}  // namespace claviger::providers
