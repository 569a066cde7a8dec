// SPDX-License-Identifier: Apache-2.0
//
// Who a client certificate is for (OpenSSL behind one file). Pure.
#pragma once

#include <string>

namespace claviger::sidecar::proxy::pg {

/// The common name of the first certificate in `pem`, which is the user that
/// PostgreSQL lets in by it. Empty where there is none that is plain.
std::string CommonNameOf(const std::string& pem);

}  // namespace claviger::sidecar::proxy::pg
