// SPDX-License-Identifier: Apache-2.0
//
// Ed25519 key pairs in OpenSSH's formats (PROTOCOL.key of OpenSSH), and what a
// certificate for one says (PROTOCOL.certkeys). The private half is made here
// and never leaves but to the application. Pure but for the Random port.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace claviger::sidecar {

struct SshKey {
  std::string public_blob;  // as it stands within a certificate: 32 bytes
  std::string public_line;  // "ssh-ed25519 AAAA..."
  Secret private_key;  // -----BEGIN OPENSSH PRIVATE KEY-----, no passphrase
};

/// kInternal where OpenSSL refuses (a system that forbids Ed25519).
Result<SshKey> MakeSshKey(Random& random);

struct SshCertificate {
  std::vector<std::string> principals;  // the user names it is good for
  Time valid_before;
};

/// What a user certificate for `key` says ("ssh-ed25519-cert-v01@openssh.com
/// AAAA..."). Its signature is for the server to judge. kMalformed: no such
/// certificate, one for another key or for hosts, or one without an end.
Result<SshCertificate> ReadSshCertificate(std::string_view line,
                                          const SshKey& key);

}  // namespace claviger::sidecar
