// SPDX-License-Identifier: Apache-2.0
//
// The protocols by which other programs ask for a credential:
// credential_process of the AWS SDKs, gitcredentials(7), and Docker's
// credential helpers. Each reads what the program says and answers in its way;
// which connection is meant is said by whoever configured it, never by the
// program that asks. Answers hold secrets. Block as LocalApi does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "cli/local/local_api.h"

namespace claviger::cli {

/// The bound on what a program may say.
inline constexpr size_t kMaxHelperInput = size_t{64} << 10U;

/// JSON of version 1. It ends at the credential's end, and in 20 minutes at the
/// latest, so that what was rotated is asked for again. kInvalidArgument for a
/// connection of another type; LocalApi's errors.
Result<Secret> AwsHelper(const LocalApi& api, const model::ObjectRef& ref,
                         Time now);

/// `action`: get, store (of no effect) or erase (has the sidecar read the
/// credential anew). Nothing is answered for another server than the
/// connection's. kInvalidArgument for what git cannot hold.
Result<Secret> GitHelper(const LocalApi& api, const model::ObjectRef& ref,
                         std::string_view action, std::string_view input);

/// `action`: get, list, store (refused) or erase (of no effect). kNotFound: no
/// connection is for that server.
Result<Secret> DockerHelper(const LocalApi& api,
                            const std::vector<model::ObjectRef>& refs,
                            std::string_view action, std::string_view input);

}  // namespace claviger::cli
