// SPDX-License-Identifier: Apache-2.0
#include "kube/cluster_login.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <utility>

#include "base/file.h"

namespace claviger::kube {
namespace {

constexpr size_t kMaxTokenBytes = size_t{64} << 10U;
constexpr size_t kMaxCaBytes = size_t{1} << 20U;

}  // namespace

Status ClusterLogin::Prepare() {
  if (!cluster_.ca_file.empty()) return ReadTrust();
  auto trust = http::TlsTrust::FromPem(cluster_.ca_pem);
  if (!trust) return Fail(std::move(trust).error());
  trust_ = *std::move(trust);
  return {};
}

void ClusterLogin::ApplyTo(boost::asio::ssl::context& context) {
  // One that is broken for a moment does not end what works.
  if (!cluster_.ca_file.empty()) (void)ReadTrust();
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  {
    const std::lock_guard lock(mutex_);
    trust_->ApplyTo(context.native_handle());
  }
  if (cluster_.client_certificate_pem.empty()) return;
  context.use_certificate_chain(
      boost::asio::buffer(cluster_.client_certificate_pem));
  const std::string_view key = cluster_.client_key_pem.Reveal();
  context.use_private_key(boost::asio::buffer(key.data(), key.size()),
                          boost::asio::ssl::context::pem);
}

Result<Secret> ClusterLogin::Token() const {
  if (cluster_.token_file.empty()) return cluster_.token.Clone();
  auto text = ReadFile(cluster_.token_file, kMaxTokenBytes);
  if (!text) {
    return Fail(ErrorCode::kUnavailable,
                "read the token: " + text.error().message);
  }
  const size_t end = text->find_last_not_of(" \t\r\n");
  text->resize(end == std::string::npos ? 0 : end + 1);
  return Secret(*std::move(text));
}

Status ClusterLogin::ReadTrust() {
  auto pem = ReadFile(cluster_.ca_file, kMaxCaBytes);
  if (!pem) return Fail(ErrorCode::kInvalidArgument, pem.error().message);
  const std::lock_guard lock(mutex_);
  if (trust_ && *pem == read_) return {};
  auto trust = http::TlsTrust::FromPem(*pem);
  if (!trust) return Fail(std::move(trust).error());
  trust_ = *std::move(trust);
  read_ = *std::move(pem);
  return {};
}

}  // namespace claviger::kube
