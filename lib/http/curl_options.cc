// SPDX-License-Identifier: Apache-2.0
#include "http/curl_options.h"

#include <algorithm>
#include <string>

#include "base/secret.h"

namespace claviger::http {
namespace {

CURLcode OnSslContext(CURL* /*handle*/, void* context, void* trust) {
  static_cast<const TlsTrust*>(trust)->ApplyTo(
      static_cast<ssl_ctx_st*>(context));
  return CURLE_OK;
}

}  // namespace

void InitialiseCurl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(done);
}

HeaderList::~HeaderList() {
  for (curl_slist* item = head_; item != nullptr; item = item->next) {
    std::fill_n(static_cast<volatile char*>(item->data),
                std::char_traits<char>::length(item->data), '\0');
  }
  curl_slist_free_all(head_);
}

bool HeaderList::Add(std::string_view name, std::string_view value) {
  if (name.empty() || name.find_first_of(": ;") != std::string_view::npos) {
    return false;
  }
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  };
  if (std::any_of(name.begin(), name.end(), control) ||
      std::any_of(value.begin(), value.end(), control)) {
    return false;
  }
  std::string line;
  line.reserve(name.size() + value.size() + 3);
  // libcurl's spelling of a header with an empty value ends in a semicolon.
  line.append(name).append(value.empty() ? ";" : ": ").append(value);
  AddLine(line.c_str());
  WipeString(line);
  return true;
}

// What holds for every request: nothing from the environment, nothing followed,
// nothing decoded.
void SetFixedOptions(Options& options, const TlsTrust& trust) {
  options.Set(CURLOPT_NOSIGNAL, 1L);
  options.Set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  options.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.Set(CURLOPT_FOLLOWLOCATION, 0L);
  options.Set(CURLOPT_MAXREDIRS, 0L);
  options.Set(CURLOPT_PROXY, "");
  options.Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  options.Set(CURLOPT_PATH_AS_IS, 1L);
  options.Set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  options.Set(CURLOPT_TCP_KEEPALIVE, 1L);
  options.Set(CURLOPT_MAXCONNECTS, 2L);
  // A name server that hangs must not outlast the deadline.
  options.Set(CURLOPT_QUICK_EXIT, 1L);
  options.Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  options.Set(CURLOPT_SSL_VERIFYPEER, 1L);
  options.Set(CURLOPT_SSL_VERIFYHOST, 2L);
  // The authorities come from `trust` alone.
  options.Set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
  options.Set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  options.Set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  options.Set(CURLOPT_SSL_CTX_FUNCTION, &OnSslContext);
  options.Set(CURLOPT_SSL_CTX_DATA, &trust);
}

}  // namespace claviger::http
