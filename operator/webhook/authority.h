// SPDX-License-Identifier: Apache-2.0
//
// Certificates of the webhook's own making: an authority that lives in memory,
// and the leaf it signs (OpenSSL behind one file, ECDSA P-256). Also what a
// published bundle of authorities is made of. Pure but for OpenSSL's own
// randomness of keys; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace claviger::op::webhook {

/// A certificate with its key, both PEM.
struct KeyPair {
  std::string certificate_pem;
  Secret key_pem;
  Time not_before;
  Time not_after;
};

/// A new authority, good from an hour before `now` (clocks differ) until
/// `life` after it.
Result<KeyPair> MakeAuthority(const std::string& common_name, Time now,
                              std::chrono::seconds life, Random& random);

/// A serving certificate for these names, signed by `authority`, and good no
/// longer than it.
Result<KeyPair> IssueLeaf(const KeyPair& authority,
                          const std::vector<std::string>& dns_names, Time now,
                          std::chrono::seconds life, Random& random);

/// What a PEM text of a certificate says of its time. kInvalidArgument when it
/// cannot be read.
struct Validity {
  Time not_before;
  Time not_after;
};
Result<Validity> ReadValidity(std::string_view certificate_pem);

/// A published bundle with `ours` in it: what has ended is left out, as is what
/// cannot be read; of the rest the newest stay, at most `most`, ours always.
/// Equal to `bundle` where nothing was to be changed.
std::string MergeBundle(const std::string& bundle,
                        const std::vector<std::string>& ours, Time now,
                        size_t most = 32);

/// Whether the bundle holds that certificate.
bool BundleHolds(const std::string& bundle, const std::string& certificate_pem);

}  // namespace claviger::op::webhook
