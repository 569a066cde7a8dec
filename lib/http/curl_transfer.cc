// SPDX-License-Identifier: Apache-2.0
#include "http/curl_transfer.h"

#include <openssl/x509_vfy.h>

#include <algorithm>

#include "http/curl_options.h"
#include "http/response_sink.h"

namespace claviger::http {
namespace {

using std::chrono::milliseconds;

// "vault.corp:8200/v1/sys/health": enough to find it, without a query.
std::string Where(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of("?#")));
}

// Brings the handle back to its defaults; connections stay with it.
class ResetAfterwards {
 public:
  explicit ResetAfterwards(CURL* handle) : handle_(handle) {}
  ~ResetAfterwards() { curl_easy_reset(handle_); }
  ResetAfterwards(const ResetAfterwards&) = delete;
  ResetAfterwards& operator=(const ResetAfterwards&) = delete;

 private:
  CURL* handle_;
};

size_t OnHeader(char* bytes, size_t size, size_t count, void* sink) {
  const std::string_view line(bytes, size * count);
  return static_cast<ResponseSink*>(sink)->AddHeaderLine(line) ? line.size()
                                                               : 0;
}

size_t OnBody(char* bytes, size_t size, size_t count, void* sink) {
  const std::string_view part(bytes, size * count);
  return static_cast<ResponseSink*>(sink)->AddBody(part) ? part.size() : 0;
}

void SetSink(Options& options, ResponseSink& sink, size_t max_bytes) {
  options.Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  options.Set(CURLOPT_HEADERDATA, &sink);
  options.Set(CURLOPT_WRITEFUNCTION, &OnBody);
  options.Set(CURLOPT_WRITEDATA, &sink);
  // An announced length over the bound ends it before the first byte.
  options.Set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_bytes));
}

void SetMethod(Options& options, const ClientRequest& request) {
  const bool has_body =
      !request.body.empty() || request.method == Method::kPost ||
      request.method == Method::kPut || request.method == Method::kPatch;
  if (has_body) {
    options.Set(CURLOPT_POST, 1L);
    options.Set(CURLOPT_POSTFIELDSIZE_LARGE,
                static_cast<curl_off_t>(request.body.size()));
    options.Set(CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == Method::kHead) {
    options.Set(CURLOPT_NOBODY, 1L);
  } else {
    options.Set(CURLOPT_HTTPGET, 1L);
  }
  // The names are literals, so they end in NUL.
  options.Set(CURLOPT_CUSTOMREQUEST, ToString(request.method).data());
}

void SetTimes(Options& options, const ClientRequest& request,
              milliseconds connect_timeout) {
  const milliseconds connect = std::min(connect_timeout, request.deadline);
  options.Set(CURLOPT_TIMEOUT_MS, long{request.deadline.count()});
  options.Set(CURLOPT_CONNECTTIMEOUT_MS, long{connect.count()});
  options.Set(CURLOPT_FRESH_CONNECT, request.repeatable ? 0L : 1L);
}

bool AddHeaders(const ClientRequest& request, HeaderList& list) {
  // libcurl's own additions that nobody asked for.
  for (const char* unwanted : {"Accept:", "Expect:"}) list.AddLine(unwanted);
  if (!FindHeader(request.headers, "Content-Type")) {
    list.AddLine("Content-Type:");
  }
  for (const Header& header : request.headers) {
    if (!list.Add(header.first, header.second)) return false;
  }
  for (const auto& [name, value] : request.secret_headers) {
    if (!list.Add(name, value->Reveal())) return false;
  }
  return true;
}

bool SentAnything(CURL* handle) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
  return microseconds > 0;
}

Error CertificateRefused(CURL* handle, const std::string& where) {
  // libcurl leaves "unspecified" where the chain was never judged, because the
  // names in the certificate had failed before.
  long verdict = X509_V_ERR_UNSPECIFIED;
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
  const std::string why = verdict == X509_V_ERR_UNSPECIFIED
                              ? "it does not name this host"
                              : X509_verify_cert_error_string(verdict);
  return {ErrorCode::kUnauthenticated,
          "the certificate of " + where + " was refused: " + why};
}

Error TimedOut(CURL* handle, const std::string& where) {
  if (SentAnything(handle)) {
    return {ErrorCode::kDeadlineExceeded,
            "no complete answer from " + where + " in time"};
  }
  return {ErrorCode::kUnavailable, "no connection to " + where + " in time"};
}

// libcurl's outcome as ours. Its error buffer is not used: it may quote the
// server.
Error FromCurl(CURLcode code, CURL* handle, const ResponseSink& sink,
               const std::string& where) {
  if (sink.over_a_bound()) {
    return {ErrorCode::kTooLarge, "the answer of " + where + " is too large"};
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return TimedOut(handle, where);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return CertificateRefused(handle, where);
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // how 7.88 reports a header line over 100 KB
      return {ErrorCode::kTooLarge, "the answer of " + where + " is too large"};
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer that is not HTTP
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return {ErrorCode::kMalformed, "the answer of " + where + " is not HTTP"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorCode::kUnavailable,
              "no connection to " + where + ": " + curl_easy_strerror(code)};
    case CURLE_URL_MALFORMAT:
      return {ErrorCode::kInvalidArgument, "not a URL: " + where};
    default:
      break;
  }
  return {ErrorCode::kUnavailable,
          "the connection to " + where + " broke " +
              (sink.begun() ? "within the answer" : "before an answer")};
}

}  // namespace

Result<ClientResponse> Transfer(CURL* handle, const ClientRequest& request,
                                const CurlSettings& settings,
                                const TlsTrust& trust) {
  const std::string where = Where(request.url);
  if (request.deadline <= milliseconds::zero()) {
    return Fail(ErrorCode::kDeadlineExceeded, "no time left for " + where);
  }
  const ResetAfterwards reset(handle);
  HeaderList headers;
  if (!AddHeaders(request, headers)) {
    return Fail(ErrorCode::kInvalidArgument,
                "a header for " + where + " holds a character it may not");
  }
  ResponseSink sink(request.max_response_bytes);
  Options options(handle);
  SetFixedOptions(options, trust);
  SetSink(options, sink, request.max_response_bytes);
  SetMethod(options, request);
  SetTimes(options, request, settings.connect_timeout);
  options.Set(CURLOPT_HTTPHEADER, headers.get());
  options.Set(CURLOPT_URL, request.url.c_str());
  // The libcurl of the images has no such option, and no use for one.
  if (!settings.unix_socket.empty()) {
    options.Set(CURLOPT_UNIX_SOCKET_PATH, settings.unix_socket.c_str());
  }
  if (!options.ok()) {
    return Fail(ErrorCode::kInternal, "libcurl refused an option");
  }
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) return Fail(FromCurl(code, handle, sink, where));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return sink.Take(static_cast<int>(status));
}

}  // namespace claviger::http
