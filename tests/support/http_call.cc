// SPDX-License-Identifier: Apache-2.0

#include "support/http_call.h"

#include <curl/curl.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace claviger::testing {
namespace {

using EasyHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

size_t Append(char* bytes, size_t size, size_t count, void* target) {
  static_cast<std::string*>(target)->append(bytes, size * count);
  return size * count;
}

HeaderList MakeHeaders(const HttpCall& call) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : call.headers) {
    const std::string line = std::string(name).append(": ").append(value);
    list = curl_slist_append(list, line.c_str());
  }
  return {list, &curl_slist_free_all};
}

void SetBody(CURL* curl, const HttpCall& call) {
  if (call.body.empty()) {
    return;
  }
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(call.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
}

}  // namespace

nlohmann::json HttpAnswer::Json() const {
  return nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
}

Result<HttpAnswer> SendHttp(const HttpCall& call) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const EasyHandle curl(curl_easy_init(), &curl_easy_cleanup);
  if (initialised != CURLE_OK || curl == nullptr) {
    return Fail(ErrorCode::kInternal, "libcurl does not start");
  }
  const HeaderList headers = MakeHeaders(call);
  HttpAnswer answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS,
                   static_cast<long>(call.timeout.count()));
  if (!call.ca_file.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_CAINFO, call.ca_file.c_str());
  }
  if (!call.unix_socket.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH,
                     call.unix_socket.c_str());
  }
  SetBody(curl.get(), call);  // before the method, which it would change
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    return Fail(ErrorCode::kUnavailable,
                call.method + " " + call.url + ": " + curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

Result<HttpAnswer> SendHttpOk(const HttpCall& call) {
  auto answer = SendHttp(call);
  if (answer && !answer->ok()) {
    return Fail(ErrorCode::kInternal, call.method + " " + call.url + ": " +
                                          std::to_string(answer->status) + " " +
                                          answer->body);
  }
  return answer;
}

}  // namespace claviger::testing
