// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <charconv>

#include "http/curl_options.h"
#include "http/event_parser.h"
#include "http/event_source.h"
#include "http/message.h"

namespace claviger::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kLongestRetryAfter{600};
constexpr size_t kMaxHeaderBytes = size_t{16} << 10U;

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What comes in on one stream.
class Inflow {
 public:
  Inflow(const EventRequest& request, const EventSource::OnEvent& on_event)
      : max_bytes_(request.max_bytes_a_minute), parser_(on_event) {}

  bool Head(std::string_view line) {
    Count(line.size());
    head_ += line.size();
    constexpr std::string_view kName = "retry-after:";
    if (line.size() > kName.size() &&
        std::equal(kName.begin(), kName.end(), line.begin(), SameLetter)) {
      line.remove_prefix(kName.size());
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      int seconds = 0;
      std::from_chars(line.data(), line.data() + line.size(), seconds);
      retry_after_ = std::clamp(std::chrono::seconds(seconds),
                                std::chrono::seconds(0), kLongestRetryAfter);
    }
    over_ = over_ || head_ > kMaxHeaderBytes;
    return !over_;
  }

  // Only what a 200 brings is news.
  bool Body(std::string_view bytes, long status) {
    Count(bytes.size());
    if (status == 200) over_ = over_ || !parser_.Add(bytes);
    return !over_;
  }

  bool over() const { return over_; }
  milliseconds retry_after() const { return retry_after_; }
  SteadyClock::time_point heard() const { return heard_; }

 private:
  static bool SameLetter(char ours, char theirs) {
    return ours == (theirs >= 'A' && theirs <= 'Z' ? theirs + 32 : theirs);
  }

  void Count(size_t bytes) {
    heard_ = SteadyClock::now();
    if (heard_ - minute_ >= std::chrono::minutes(1)) {
      minute_ = heard_;
      bytes_ = 0;
    }
    bytes_ += bytes;
    over_ = over_ || bytes_ > max_bytes_;
  }

  const size_t max_bytes_;
  EventParser parser_;
  SteadyClock::time_point minute_ = SteadyClock::now();
  SteadyClock::time_point heard_ = minute_;
  size_t bytes_ = 0;
  size_t head_ = 0;
  milliseconds retry_after_{0};
  bool over_ = false;
};

struct Call {
  CURL* handle;
  Inflow* inflow;
};

size_t OnHead(char* bytes, size_t size, size_t count, void* call) {
  const std::string_view line(bytes, size * count);
  return static_cast<Call*>(call)->inflow->Head(line) ? line.size() : 0;
}

size_t OnBody(char* bytes, size_t size, size_t count, void* call) {
  const auto* const one = static_cast<Call*>(call);
  long status = 0;
  curl_easy_getinfo(one->handle, CURLINFO_RESPONSE_CODE, &status);
  const std::string_view part(bytes, size * count);
  return one->inflow->Body(part, status) ? part.size() : 0;
}

class CurlEventSource final : public EventSource {
 public:
  CurlEventSource() : multi_(curl_multi_init()) {}

  Error Run(const EventRequest& request, const OnEvent& on_event) override {
    const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
    const auto trust = TlsTrust::FromPem(request.authorities);
    if (!trust) return trust.error();
    if (!easy || !multi_) return {ErrorCode::kInternal, "libcurl has no room"};
    const std::unique_ptr<curl_slist, FreeList> where(
        curl_slist_append(nullptr, ("::" + request.connect_to).c_str()));
    HeaderList headers;
    headers.AddLine("Accept: text/event-stream");
    const bool plain =
        request.bearer == nullptr || AddBearer(*request.bearer, headers);
    Inflow inflow(request, on_event);
    Call call{easy.get(), &inflow};
    Options options(easy.get());
    SetFixedOptions(options, *trust);
    options.Set(CURLOPT_HTTPHEADER, headers.get());
    options.Set(CURLOPT_CONNECT_TO, where.get());
    options.Set(CURLOPT_URL, request.url.c_str());
    options.Set(CURLOPT_CONNECTTIMEOUT_MS,
                long{request.connect_timeout.count()});
    options.Set(CURLOPT_BUFFERSIZE, 1'024L);
    options.Set(CURLOPT_HEADERFUNCTION, &OnHead);
    options.Set(CURLOPT_HEADERDATA, &call);
    options.Set(CURLOPT_WRITEFUNCTION, &OnBody);
    options.Set(CURLOPT_WRITEDATA, &call);
    if (!options.ok() || !plain) {
      return {ErrorCode::kInvalidArgument, "a stream that cannot be asked for"};
    }
    curl_multi_add_handle(multi_.get(), easy.get());
    const Error ended = Follow(request, call);
    curl_multi_remove_handle(multi_.get(), easy.get());
    return ended;
  }

  void Stop() override {
    stopped_ = true;
    curl_multi_wakeup(multi_.get());
  }

 private:
  static bool AddBearer(const Secret& token, HeaderList& headers) {
    std::string value;
    value.reserve(token.Reveal().size() + 8);
    value.append("Bearer ").append(token.Reveal());
    const bool added = headers.Add("Authorization", value);
    WipeString(value);
    return added;
  }

  Error Follow(const EventRequest& request, const Call& call) {
    int running = 1;
    while (!stopped_) {
      curl_multi_perform(multi_.get(), &running);
      if (running == 0) return Ended(call);
      const auto silent = SteadyClock::now() - call.inflow->heard();
      if (silent >= request.longest_silence) {
        return {ErrorCode::kUnavailable, "the stream has fallen silent"};
      }
      const auto wait = std::chrono::duration_cast<milliseconds>(
          request.longest_silence - silent);
      curl_multi_poll(multi_.get(), nullptr, 0,
                      static_cast<int>(wait.count()) + 1, nullptr);
    }
    return {ErrorCode::kUnavailable, "stopped"};
  }

  Error Ended(const Call& call) {
    if (call.inflow->over()) {
      return {ErrorCode::kTooLarge, "more came than news should be"};
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    const CURLcode code = message == nullptr ? CURLE_OK : message->data.result;
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
      return {ErrorCode::kUnauthenticated, "its certificate was refused"};
    }
    long status = 0;
    curl_easy_getinfo(call.handle, CURLINFO_RESPONSE_CODE, &status);
    const std::string answered = "answered " + std::to_string(status);
    if (status == 401 || status == 403) {
      return {ErrorCode::kUnauthenticated, answered};
    }
    if (status == 429 || status == 503) {
      return {ErrorCode::kRateLimited, answered, call.inflow->retry_after()};
    }
    return {ErrorCode::kUnavailable,
            status == 200 || status == 0 ? "no connection" : answered};
  }

  const std::unique_ptr<CURLM, FreeMulti> multi_;
  std::atomic<bool> stopped_{false};
};

}  // namespace

std::unique_ptr<EventSource> MakeCurlEventSource() {
  InitialiseCurl();
  return std::make_unique<CurlEventSource>();
}

}  // namespace claviger::http
