// SPDX-License-Identifier: Apache-2.0
//
// Heads written anew: what of a request goes on to the server, with the
// credential in its place, and what of an answer goes back. Nothing is copied
// that is not known to be end-to-end. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/placement.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {

/// Appends the request as the server gets it. The client's own credentials, its
/// hop-by-hop fields and whatever Connection names are left out. `now` is what
/// signatures say.
void AppendRequest(const RequestHead& head, const Origin& origin,
                   const Aimed& aimed, const Placement& placement, Time now,
                   std::string& out);

/// How the answer's body goes back to the client.
enum class Encoding {
  kNone,        // no body, or its length is said
  kChunked,     // ours, around the content
  kUntilClose,  // raw; the connection is closed behind it
};
Encoding EncodingFor(const ResponseHead& head, int client_minor);

/// Appends the answer as the client gets it. `close`: it is the last one.
void AppendResponse(const ResponseHead& head, Encoding encoding, bool close,
                    std::string& out);

/// Appends the fields behind the last chunk, with that chunk and the empty
/// line. Fields that only a head may have, and the credential's, are left out.
void AppendTrailers(const std::vector<Field>& trailers,
                    const Placement& placement, std::string& out);

}  // namespace claviger::sidecar::proxy
