// SPDX-License-Identifier: Apache-2.0
//
// Keys and certificates for tests, made afresh in memory: EC P-256, valid from
// an hour ago for a day. Const functions are safe to call from several threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace claviger::testing {

/// A key pair that signs, such as the one for service-account tokens.
struct SigningKey {
  std::string private_pem;
  std::string public_pem;
};
Result<SigningKey> MakeSigningKey();

struct CertificateWish {
  std::string common_name;
  std::vector<std::string> organizations;  // Kubernetes: the groups
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

struct IssuedCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

/// A certificate authority, which issues for servers and clients alike.
class CertificateAuthority {
 public:
  static Result<CertificateAuthority> Create(const std::string& common_name);
  ~CertificateAuthority();
  CertificateAuthority(CertificateAuthority&& other) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&& other) noexcept;

  const std::string& certificate_pem() const { return certificate_pem_; }
  Result<IssuedCertificate> Issue(const CertificateWish& wish) const;
  /// For a server on 127.0.0.1, ::1 and localhost.
  Result<IssuedCertificate> IssueForLoopback() const;

 private:
  struct Parts;
  explicit CertificateAuthority(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
  std::string certificate_pem_;
};

}  // namespace claviger::testing
