// SPDX-License-Identifier: Apache-2.0
#include "http/curl_client.h"

#include <curl/curl.h>

#include <mutex>
#include <vector>

#include "http/curl_options.h"
#include "http/curl_transfer.h"
#include "http/tls_trust.h"

namespace claviger::http {
namespace {

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleDeleter>;

// Handles waiting for work. Each keeps its connections; more than this many
// are not kept, and there are never more than callers at one time.
constexpr size_t kMaxIdle = 8;

class CurlClient final : public Client {
 public:
  CurlClient(CurlSettings settings, TlsTrust trust)
      : settings_(std::move(settings)), trust_(std::move(trust)) {}

  Result<ClientResponse> Send(const ClientRequest& request) override {
    Handle handle = Borrow();
    if (!handle) {
      return Fail(ErrorCode::kInternal, "libcurl gave no handle");
    }
    Result<ClientResponse> response =
        Transfer(handle.get(), request, settings_, trust_);
    Return(std::move(handle));
    return response;
  }

 private:
  Handle Borrow() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return Handle(curl_easy_init());
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void Return(Handle handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(handle));
  }

  const CurlSettings settings_;
  const TlsTrust trust_;
  std::mutex mutex_;
  std::vector<Handle> idle_;  // the last one used is the first one taken
};

std::string SystemBundle() {
  const char* path = curl_version_info(CURLVERSION_NOW)->cainfo;
  return path == nullptr ? "" : path;
}

Result<TlsTrust> TrustOf(const CurlSettings& settings) {
  if (!settings.ca_pem.empty()) return TlsTrust::FromPem(settings.ca_pem);
  if (!settings.ca_file.empty()) return TlsTrust::FromFile(settings.ca_file);
  return TlsTrust::FromSystem(SystemBundle());
}

}  // namespace

Result<std::unique_ptr<Client>> MakeCurlClient(const CurlSettings& settings) {
  InitialiseCurl();
  Result<TlsTrust> trust = TrustOf(settings);
  if (!trust) return Fail(std::move(trust).error());
  return std::make_unique<CurlClient>(settings, *std::move(trust));
}

}  // namespace claviger::http
