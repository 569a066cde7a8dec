// SPDX-License-Identifier: Apache-2.0
//
// What a Grant's consent was given to, as one short text: the admission webhook
// writes it on the Grant, and a Grant whose text no longer fits is inert
// (design.md section 2). Whoever stores a personal credential consents in the
// same way. All must compute it here. Pure.
#pragma once

#include <string>

#include "access/binding.h"
#include "model/connection.h"

namespace claviger::access {

/// SHA-256 (hex) over where a credential is sent and to whom it may be shown:
/// provider, endpoint, TLS trust, serverSideOnly and secretReaders. Equal
/// connections give equal texts, whatever order maps came in.
std::string EndpointFingerprint(const model::Connection& connection);
/// The same of what a binding says of it.
std::string EndpointFingerprint(const ConnectionFacts& facts);

}  // namespace claviger::access
