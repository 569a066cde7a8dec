// SPDX-License-Identifier: Apache-2.0
//
// What all of our libcurl handles have in common: how options and headers are
// set, and what holds for every request. Not synchronised.
#pragma once

#include <curl/curl.h>

#include <string_view>

#include "http/tls_trust.h"

namespace claviger::http {

/// To be called before the first handle is made; thread-safe.
void InitialiseCurl();

// Header lines of libcurl's, wiped when they go: one may carry a token.
class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList();
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  /// False for what would end the line early, or is no header name.
  bool Add(std::string_view name, std::string_view value);
  void AddLine(const char* line) { head_ = curl_slist_append(head_, line); }
  curl_slist* get() const { return head_; }

 private:
  curl_slist* head_ = nullptr;
};

// Collects the first failure of many options, so that none is missed.
class Options {
 public:
  explicit Options(CURL* handle) : handle_(handle) {}

  template <typename T>
  void Set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(handle_, option, value);
    if (result_ == CURLE_OK) result_ = code;
  }
  bool ok() const { return result_ == CURLE_OK; }

 private:
  CURL* handle_;
  CURLcode result_ = CURLE_OK;
};

/// Nothing from the environment, nothing followed, nothing decoded; whom to
/// trust comes from `trust` alone, which outlives the request.
void SetFixedOptions(Options& options, const TlsTrust& trust);

}  // namespace claviger::http
