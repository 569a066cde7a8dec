// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "http/tls_trust.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar::proxy {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;

constexpr int kMaxChain = 8;

// One for all connections without a bundle of their own: the system's is
// large.
const http::TlsTrust& SystemTrust() {
  static const http::TlsTrust kTrust =
      http::TlsTrust::FromSystem(kSystemAuthorities);
  return kTrust;
}

Bio BioOf(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

bool ShowChain(SSL_CTX* context, std::string_view pem) {
  const Bio bio = BioOf(pem);
  int count = 0;
  while (const Certificate certificate{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    const bool first = count++ == 0;
    const bool used =
        first ? SSL_CTX_use_certificate(context, certificate.get()) == 1
              : count <= kMaxChain &&
                    SSL_CTX_add1_chain_cert(context, certificate.get()) == 1;
    if (!used) return false;
  }
  return count > 0;
}

bool ShowCertificate(SSL_CTX* context, const ClientCertificate& certificate) {
  if (certificate.chain.empty()) return true;
  if (!ShowChain(context, certificate.chain.Reveal())) return false;
  const Bio bio = BioOf(certificate.key.Reveal());
  // A passphrase is never asked for.
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

Context NewContext() {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

bool SetAlpn(SSL_CTX* context, const std::string& protocol) {
  if (protocol.empty()) return true;
  std::string wire(1, static_cast<char>(protocol.size()));
  wire += protocol;
  return SSL_CTX_set_alpn_protos(
             context, reinterpret_cast<const unsigned char*>(wire.data()),
             static_cast<unsigned>(wire.size())) == 0;
}

bool ExpectName(SSL* ssl, const std::string& name) {
  if (ParseIpAddress(name)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) ==
           1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name.c_str()) == 1;
}

}  // namespace

struct TlsClient::State {
  Context context;
  std::string name;
  bool is_fixed = false;  // by the endpoint, whatever the host
  bool check_name = true;
};

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;
TlsClient::TlsClient(TlsClient&&) noexcept = default;
TlsClient& TlsClient::operator=(TlsClient&&) noexcept = default;

Result<TlsClient> TlsClient::Make(const model::Tls& tls,
                                  const std::string& host,
                                  const ClientCertificate& certificate,
                                  const std::string& alpn) {
  auto state = std::make_unique<State>();
  state->context = NewContext();
  if (!state->context || !SetAlpn(state->context.get(), alpn)) {
    return Fail(ErrorCode::kInternal, "no memory for TLS");
  }
  SSL_CTX* const context = state->context.get();
  state->is_fixed = !tls.server_name.empty();
  state->name = state->is_fixed ? tls.server_name : host;
  state->check_name = tls.mode == "verify-full";
  const bool verify = state->check_name || tls.mode == "verify-ca";
  if (verify) {
    if (tls.ca_bundle.empty()) {
      SystemTrust().ApplyTo(context);
    } else {
      const auto trust = http::TlsTrust::FromPem(tls.ca_bundle);
      if (!trust) return Fail(trust.error());
      trust->ApplyTo(context);
    }
  }
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  const bool shown = ShowCertificate(context, certificate);
  ERR_clear_error();  // the end of a PEM text is an error to OpenSSL
  if (!shown) {
    return Fail(ErrorCode::kInvalidArgument,
                "the client certificate is no PEM chain with its own key");
  }
  return TlsClient(std::move(state));
}

std::unique_ptr<http::TlsSession> TlsClient::Begin(
    int fd, const std::string& host) const {
  const std::string& name =
      state_->is_fixed || host.empty() ? state_->name : host;
  auto session = http::TlsSession::Make(state_->context.get(), fd,
                                        http::TlsSession::Role::kClient);
  if (!session) return nullptr;
  SSL* const ssl = session->native();
  // Names only: RFC 6066 has no addresses there.
  if (!ParseIpAddress(name)) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
  }
  if (state_->check_name && !ExpectName(ssl, name)) return nullptr;
  return session;
}

std::string ServerEndPoint(http::TlsSession& session) {
  const Certificate peer(SSL_get1_peer_certificate(session.native()));
  if (!peer) return "";
  int digest = NID_undef;
  OBJ_find_sigid_algs(X509_get_signature_nid(peer.get()), &digest, nullptr);
  // MD5 and SHA-1 become SHA-256, and so does what names no digest.
  const EVP_MD* kind = EVP_sha256();
  if (digest != NID_undef && digest != NID_md5 && digest != NID_sha1) {
    kind = EVP_get_digestbynid(digest);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (kind == nullptr ||
      X509_digest(peer.get(), kind, hash.data(), &size) != 1) {
    return "";
  }
  return {reinterpret_cast<const char*>(hash.data()), size};
}

std::string TlsFault(http::TlsSession& session) {
  const long verdict = SSL_get_verify_result(session.native());
  if (verdict == X509_V_OK) return "the TLS handshake failed";
  return std::string("the server's certificate is not trusted (") +
         X509_verify_cert_error_string(verdict) + ")";
}

}  // namespace claviger::sidecar::proxy
