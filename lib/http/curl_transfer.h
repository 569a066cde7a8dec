// SPDX-License-Identifier: Apache-2.0
//
// One exchange on one libcurl handle: the request's options set, the answer
// collected within its bounds, libcurl's outcome turned into ours. The handle
// is reset afterwards, so that nothing of the request (a token above all)
// meets the next one. Not synchronised.
#pragma once

#include <curl/curl.h>

#include "http/client.h"
#include "http/curl_client.h"
#include "http/tls_trust.h"

namespace claviger::http {

/// Blocks up to the request's deadline. Errors as Client::Send says.
Result<ClientResponse> Transfer(CURL* handle, const ClientRequest& request,
                                const CurlSettings& settings,
                                const TlsTrust& trust);

}  // namespace claviger::http
