// SPDX-License-Identifier: Apache-2.0
//
// Where in a request a credential goes, by its type: a header, a parameter of
// the query, or nowhere (a client certificate is the connection's). Made once
// per credential, used for each request. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access/binding.h"
#include "base/secret.h"
#include "sidecar/api/problem.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/http/aws_signature.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy {

struct Placement {
  /// Empty: no header, no parameter.
  std::string header;  // "Authorization"; "Cookie" is merged by cookie
  Secret header_value;
  std::string parameter;
  Secret parameter_value;  // encoded
  ClientCertificate certificate;
  std::optional<AwsKey> aws;  // signs each request
  /// What must not come back: the secrets as they are and as they are sent.
  /// None shorter than 8 bytes, which would be found by chance.
  std::vector<Secret> needles;
};

/// CredentialUnusable for a type that no request can carry here, and for
/// values that would break out of their place.
std::variant<Placement, Problem> MakePlacement(
    const access::ConnectionFacts& facts, const Fields& fields);

/// "Authorization: Bearer <token>" as a placement.
std::variant<Placement, Problem> PlaceBearer(std::string_view scheme,
                                             const Secret& token);

}  // namespace claviger::sidecar::proxy
