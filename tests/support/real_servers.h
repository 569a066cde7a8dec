// SPDX-License-Identifier: Apache-2.0
//
// The real servers of the integration tests: etcd, kube-apiserver, Vault and
// PostgreSQL, each started on free ports of 127.0.0.1 in a private directory
// and gone with its object. Where the programs come from: tests/servers.
// Start and destroy each on one thread that outlives it (see process.h); the
// const functions are safe to call from several threads.
//
//   auto vault = RealVault::Start();
//   CLAVIGER_NEED_SERVER(vault);      // skips, or fails where real is required
//   (*vault)->Call("GET", "sys/health");
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "support/certificates.h"
#include "support/http_call.h"
#include "support/process.h"
#include "support/scratch_directory.h"

/// In a test body, SetUp or SetUpTestSuite: goes on if `started`, a Result of a
/// Start function, holds a server. If the machine has none, skips the test and
/// says why, or fails it where CLAVIGER_REQUIRE_REAL=1; a server that is there
/// but does not start is always a failure. Needs <gtest/gtest.h>.
#define CLAVIGER_NEED_SERVER(started)                                 \
  if (!(started).has_value()) {                                       \
    if (::claviger::testing::MaySkip((started).error())) {            \
      GTEST_SKIP() << "not available: " << (started).error().message; \
    }                                                                 \
    FAIL() << (started).error().message;                              \
  }                                                                   \
  static_assert(true, "wants a semicolon")

namespace claviger::testing {

/// True if CLAVIGER_REQUIRE_REAL=1: then no server may be missing.
bool RealServersRequired();

/// True for "not available on this machine" (kUnsupported) where that is
/// allowed.
bool MaySkip(const Error& error);

/// Debian's etcd; takes about half a second to start.
class RealEtcd {
 public:
  static Result<std::unique_ptr<RealEtcd>> Start();

  const std::string& url() const { return url_; }
  Process& process() { return process_; }

 private:
  RealEtcd(ScratchDirectory directory, Process process, std::string url);

  ScratchDirectory directory_;
  Process process_;
  std::string url_;
};

struct KubeOptions {
  /// What it listens on and is reached by; 127.0.0.1 always works too.
  std::string address = "127.0.0.1";
  /// More flags for kube-apiserver, "--name=value".
  std::vector<std::string> flags;
};

/// A kube-apiserver with its own etcd, RBAC and admission, without controllers,
/// scheduler and nodes: no default service accounts appear, and a deleted
/// namespace stays Terminating. Starts in about 5 s.
class RealKubeApiServer {
 public:
  static Result<std::unique_ptr<RealKubeApiServer>> Start(
      const KubeOptions& options = {});

  /// "https://<address>:<port>"
  const std::string& url() const { return url_; }
  /// PEM of the authority behind the server's and the clients' certificates.
  const std::string& ca_path() const { return ca_path_; }
  const std::string& ca_pem() const { return ca_.certificate_pem(); }
  /// A bearer token of the group system:masters.
  const std::string& admin_token() const { return admin_token_; }
  const std::string& issuer() const { return issuer_; }
  /// The public half of the key that signs service-account tokens.
  const std::string& token_public_key_pem() const {
    return token_key_.public_pem;
  }

  /// The private half of it, in a file.
  const std::string& token_private_key_path() const { return token_key_path_; }

  /// A certificate for a server, trusted by ca_pem().
  Result<IssuedCertificate> IssueServerCertificate(
      const std::string& name, const std::string& address) const;
  /// A client certificate for a user in these groups.
  Result<IssuedCertificate> IssueClientCertificate(
      const std::string& user, const std::vector<std::string>& groups) const;

  /// A request as the administrator, for SendHttp; `path` as in "/api/v1/pods".
  HttpCall Prepare(std::string_view method, std::string_view path) const;
  /// Sends JSON (or nothing) as the administrator. Any status is a success.
  Result<HttpAnswer> Call(std::string_view method, std::string_view path,
                          const std::string& body = "") const;

  /// These are content with an object that exists already.
  Status CreateNamespace(const std::string& name) const;
  Status CreateServiceAccount(const std::string& name_space,
                              const std::string& name) const;
  /// Binds a ClusterRole to a service account.
  Status BindClusterRole(const std::string& cluster_role,
                         const std::string& name_space,
                         const std::string& name) const;
  /// A token of a service account by TokenRequest. No audiences: the API
  /// server's own. Not shorter than 600 s.
  Result<std::string> RequestToken(
      const std::string& name_space, const std::string& service_account,
      const std::vector<std::string>& audiences,
      std::chrono::seconds lifetime = std::chrono::hours(1)) const;

  Process& process() { return process_; }
  RealEtcd& etcd() { return *etcd_; }

 private:
  struct Files;
  RealKubeApiServer(std::unique_ptr<RealEtcd> etcd, ScratchDirectory directory,
                    CertificateAuthority ca, SigningKey token_key,
                    Process process);
  static Result<std::unique_ptr<RealKubeApiServer>> StartOnce(
      const std::string& program, const KubeOptions& options);
  Status CreateIfMissing(const std::string& collection,
                         const std::string& body) const;

  std::unique_ptr<RealEtcd> etcd_;  // outlives process_
  ScratchDirectory directory_;
  CertificateAuthority ca_;
  SigningKey token_key_;
  std::string url_;
  std::string ca_path_;
  std::string token_key_path_;
  std::string admin_token_;
  std::string issuer_;
  Process process_;
};

enum class VaultState {
  kUnsealed,
  kSealed,         // initialised, but not unsealed
  kUninitialised,  // no root token and no unseal key either
};

struct VaultOptions {
  /// What it listens on, and no other.
  std::string address = "127.0.0.1";
  bool tls = false;
  VaultState state = VaultState::kUnsealed;
};

/// HashiCorp Vault (or OpenBao) with storage in memory and nothing mounted
/// beyond what every server has. Ready within half a second.
class RealVault {
 public:
  static Result<std::unique_ptr<RealVault>> Start(
      const VaultOptions& options = {});

  /// "http://<address>:<port>", or https.
  const std::string& address() const { return address_; }
  const std::string& root_token() const { return root_token_; }
  /// Base64, as sys/unseal takes it.
  const std::string& unseal_key() const { return unseal_key_; }
  /// PEM of the authority of the server's certificate; empty without TLS.
  const std::string& ca_path() const { return ca_path_; }

  /// A request with the root token, for SendHttp; `path` as in "sys/mounts".
  HttpCall Prepare(std::string_view method, std::string_view path) const;
  /// Sends JSON (or nothing) with the root token. Any status is a success.
  Result<HttpAnswer> Call(std::string_view method, std::string_view path,
                          const std::string& body = "") const;

  Status Seal() const;
  Status Unseal() const;
  /// Mounts a secrets engine ("kv-v2", "kv", "database", "transit") or an auth
  /// method ("kubernetes", "jwt", "approle").
  Status EnableSecrets(const std::string& mount, const std::string& type) const;
  Status EnableAuth(const std::string& mount, const std::string& type) const;

  Process& process() { return process_; }

 private:
  struct Launch;
  RealVault(ScratchDirectory directory, Process process);
  static Result<std::unique_ptr<RealVault>> StartSlim(Launch launch);
  static Result<std::unique_ptr<RealVault>> StartWhole(Launch launch);
  Status InitialiseByApi(bool unseal);

  ScratchDirectory directory_;
  std::string address_;
  std::string root_token_;
  std::string unseal_key_;
  std::string ca_path_;
  Process process_;
};

/// Enables auth/kubernetes at `mount` and lets Vault ask `kube` who a token
/// belongs to, as a service account bound to system:auth-delegator. Roles are
/// left to the test.
Status ConfigureKubernetesAuth(const RealVault& vault,
                               const RealKubeApiServer& kube,
                               const std::string& mount);

/// PostgreSQL with SCRAM passwords, TLS on offer and one superuser. Starts in
/// about 2 s. Runs as the user postgres where the test runs as root.
class RealPostgres {
 public:
  static Result<std::unique_ptr<RealPostgres>> Start();

  const std::string& host() const { return host_; }  // "127.0.0.1"
  uint16_t port() const { return port_; }
  const std::string& user() const { return user_; }  // "postgres"
  const std::string& password() const { return password_; }
  const std::string& ca_path() const { return ca_path_; }

  /// Runs SQL as the superuser; the rows, unaligned, columns split by '|'.
  Result<std::string> Query(const std::string& sql) const;
  /// The same as somebody else, by a connection of its own.
  Result<std::string> QueryAs(const std::string& user,
                              const std::string& password,
                              const std::string& sql) const;

  Process& process() { return process_; }
  /// Ends all sessions and the server, as an administrator does.
  Status Shutdown();
  /// Afterwards: the same server at the same port.
  Status StartAgain();

 private:
  RealPostgres(ScratchDirectory directory, Process process);
  static Result<std::unique_ptr<RealPostgres>> StartOnce();

  ScratchDirectory directory_;
  std::string host_ = "127.0.0.1";
  uint16_t port_ = 0;
  std::string user_ = "postgres";
  std::string password_;
  std::string ca_path_;
  std::string psql_;
  Process process_;
};

}  // namespace claviger::testing
