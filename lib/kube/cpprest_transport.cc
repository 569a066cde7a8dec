// SPDX-License-Identifier: Apache-2.0
#include "kube/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <cpprest/http_msg.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <charconv>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include "http/response_sink.h"
#include "kube/cluster_login.h"
#include "kube/receive_bound.h"
#include "kube/request_target.h"
#include "kube/response_inbox.h"

namespace claviger::kube {
namespace {

using Inbox = std::shared_ptr<ResponseInbox>;
using Bound = std::shared_ptr<ReceiveBound>;
// What the library's handle of a connection is, according to its manual.
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;
namespace rest = web::http;

// The library's threads only move bytes; callers wait on their own.
constexpr size_t kThreads = 2;

// What may come beside a body: headers, the sizes of chunks, TLS.
constexpr size_t kBesideTheBody = size_t{1} << 20U;
// The library takes a chunk's size for a signed number: "-1" is a huge one.
constexpr size_t kLargestChunk = std::numeric_limits<int>::max();
// For all of an answer of which it is not known whose it is.
constexpr size_t kSentAgain = size_t{64} << 20U;

bool IsTls(const std::string& server) {
  return server.rfind("https://", 0) == 0;
}

Error TooLarge() { return {ErrorCode::kTooLarge, "the answer is too large"}; }

// The library says which connection a call gets, but not which call it is, and
// says it in a task of its own. So the bound goes with the thread that begins a
// call, and with the tasks that are made there. A call that is sent again,
// because the connection it had was closed, has none.
class Beginning {
 public:
  explicit Beginning(Bound bound) { current_ = std::move(bound); }
  ~Beginning() { current_.reset(); }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;

  static const Bound& Current() { return current_; }

 private:
  inline static thread_local Bound current_;
};

// The library's interface has no virtual destructor; ours is never deleted by
// it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Scheduler final : public pplx::scheduler_interface {
 public:
  void schedule(pplx::TaskProc_t task, void* of) override {
    crossplat::threadpool::shared_instance().service().post(
        [task, of, bound = Beginning::Current()] {
          const Beginning beginning(bound);
          task(of);
        });
  }
};
#pragma GCC diagnostic pop

// Before anything else of the library, and once: it would make forty threads.
void StartThreads() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(kThreads);
    } catch (const std::exception&) {
      // Somebody was first: then there are threads.
    }
    pplx::set_ambient_scheduler(std::make_shared<Scheduler>());
  });
}

// The library writes a body here as it arrives; nothing is ever read from it.
class InboxBuffer final
    : public Concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  InboxBuffer(Inbox inbox, Bound bound)
      : streambuf_state_manager<uint8_t>(std::ios_base::out),
        inbox_(std::move(inbox)),
        bound_(std::move(bound)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return Nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override {
    return Nowhere();
  }
  pos_type seekoff(off_type, std::ios_base::seekdir,
                   std::ios_base::openmode) override {
    return Nowhere();
  }
  bool acquire(uint8_t*& bytes, size_t& count) override {
    bytes = nullptr;
    count = 0;
    return false;
  }
  void release(uint8_t*, size_t) override {}
  // When a write is refused, the library waits for this on one of its own few
  // threads. Its own implementation needs another of them to finish: as many
  // refusals at once as there are threads, and nothing would ever move again.
  pplx::task<void> close(std::ios_base::openmode) override {
    m_stream_can_read = false;
    m_stream_can_write = false;
    return pplx::task_from_result();
  }
  using streambuf_state_manager<uint8_t>::close;

 protected:
  pplx::task<int_type> _putc(uint8_t byte) override {
    return _putn(&byte, 1).then(
        [byte](size_t) { return static_cast<int_type>(byte); });
  }
  pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override {
    const pplx::task_completion_event<size_t> taken;
    bound_->Renew();
    const bool wanted =
        count <= kLargestChunk &&
        inbox_->PutBytes({reinterpret_cast<const char*>(bytes), count},
                         [taken, count] { taken.set(count); });
    if (!wanted) {
      return pplx::task_from_exception<size_t>(
          std::runtime_error("the rest is not wanted"));
    }
    return pplx::create_task(taken);
  }
  pplx::task<int_type> _bumpc() override { return NoByte(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return NoByte(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return NoByte(); }
  pplx::task<int_type> _ungetc() override { return NoByte(); }
  pplx::task<size_t> _getn(uint8_t*, size_t) override {
    return pplx::task_from_result<size_t>(0);
  }
  size_t _scopy(uint8_t*, size_t) override { return 0; }
  pplx::task<bool> _sync() override {
    return pplx::task_from_result<bool>(true);
  }
  uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}

 private:
  static pos_type Nowhere() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<int_type> NoByte() {
    return pplx::task_from_result<int_type>(traits::eof());
  }

  const Inbox inbox_;
  const Bound bound_;
};

// What OpenSSL said reaches us as a bare number.
bool IsRefusedCertificate(int code) {
  const auto error = static_cast<unsigned long>(code);
  return ERR_GET_LIB(error) == ERR_LIB_SSL &&
         ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

// The library's words about a failure are fixed sentences.
Error ErrorOf(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const rest::http_exception& exception) {
    if (IsRefusedCertificate(exception.error_code().value())) {
      return {ErrorCode::kUnauthenticated,
              "the server's certificate is not trusted"};
    }
    std::string words = exception.what();
    words.resize(std::min<size_t>(words.size(), 200));
    return {ErrorCode::kUnavailable, std::move(words)};
  } catch (...) {
    return {ErrorCode::kUnavailable, "the connection failed"};
  }
}

// The same bounds as for every other server.
bool HasTooManyHeaders(const rest::http_headers& headers) {
  size_t bytes = 0;
  for (const auto& [name, value] : headers) bytes += name.size() + value.size();
  return headers.size() > http::ResponseSink::kMaxHeaders ||
         bytes > http::ResponseSink::kMaxHeaderBytes;
}

Result<ResponseInbox::Head> HeadOf(const rest::http_response& response) {
  if (HasTooManyHeaders(response.headers())) {
    return Fail(ErrorCode::kTooLarge, "the answer has too many headers");
  }
  ResponseInbox::Head head{response.status_code(), std::nullopt};
  const auto found = response.headers().find("Retry-After");
  if (found == response.headers().end()) return head;
  const std::string& text = found->second;
  unsigned seconds = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && rest == text.data() + text.size()) {
    head.retry_after = std::chrono::seconds(seconds);
  }
  return head;
}

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const std::string& server,
                   std::shared_ptr<ClusterLogin> login, const Clock& clock)
      : login_(std::move(login)),
        clock_(clock),
        client_(rest::uri(server), Config(login_, IsTls(server))) {}
  ~CpprestTransport() override { CpprestTransport::Close(); }

  Result<Response> Send(const Request& request) override {
    const SteadyTime deadline = clock_.SteadyNow() + request.deadline;
    auto call = Begin(request, request.max_response_bytes);
    if (!call) return Fail(std::move(call).error());
    const Ended ended(*this, *call);
    const auto head = call->inbox->WaitForHead(deadline);
    if (!head) return Fail(head.error());
    auto body = call->inbox->WaitForAll(deadline);
    if (!body) return Fail(std::move(body).error());
    call->whole = true;
    return Response{head->status, *std::move(body), head->retry_after};
  }

  Result<Response> Stream(
      const Request& request,
      const std::function<bool(std::string_view)>& take) override {
    const SteadyTime deadline = clock_.SteadyNow() + request.deadline;
    auto call = Begin(request, 0);
    if (!call) return Fail(std::move(call).error());
    const Ended ended(*this, *call);
    const auto head = call->inbox->WaitForHead(deadline);
    if (!head) return Fail(head.error());
    Response response{head->status, "", head->retry_after};
    if (head->status != 200) {
      call->inbox->Limit(request.max_response_bytes);
      auto body = call->inbox->WaitForAll(deadline);
      if (!body) return Fail(std::move(body).error());
      response.body = *std::move(body);
      call->whole = true;
      return response;
    }
    while (true) {
      const auto piece = call->inbox->WaitForSome(request.deadline);
      if (!piece) return Fail(piece.error());
      if (piece->empty()) {
        call->whole = true;
        return response;
      }
      if (!take(*piece)) return response;
    }
  }

  void Close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (Call* call : calls_) call->inbox->Finish(Closed());
  }

 private:
  struct Call {
    Inbox inbox;
    Bound bound;
    pplx::cancellation_token_source cancel;
    bool whole = false;  // the connection can be used again
  };
  static Error Closed() {
    return {ErrorCode::kUnavailable, "the transport was closed"};
  }

  // Takes a call out of the list and ends what is left of it, however the
  // caller leaves.
  class Ended {
   public:
    Ended(CpprestTransport& transport, Call& call)
        : transport_(transport), call_(call) {
      const std::lock_guard lock(transport_.mutex_);
      transport_.calls_.insert(&call_);
      if (transport_.closed_) {
        call_.inbox->Finish(Closed());
      }
    }
    ~Ended() {
      {
        const std::lock_guard lock(transport_.mutex_);
        transport_.calls_.erase(&call_);
      }
      call_.inbox->Finish(std::nullopt);
      if (!call_.whole) call_.cancel.cancel();
    }
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;

   private:
    CpprestTransport& transport_;
    Call& call_;
  };

  static rest::client::http_client_config Config(
      const std::shared_ptr<ClusterLogin>& login, bool is_tls) {
    rest::client::http_client_config config;
    config.set_max_redirects(0);
    // Ours are shorter; this is for what nobody waits for any more.
    config.set_timeout(std::chrono::seconds(120));
    config.set_ssl_context_callback(
        [login](boost::asio::ssl::context& context) {
          login->ApplyTo(context);
        });
    if (!is_tls) return config;
    config.set_nativehandle_options([](rest::client::native_handle handle) {
      const Bound& bound = Beginning::Current();
      ReceiveBound::Apply(
          bound ? bound : std::make_shared<ReceiveBound>(kSentAgain),
          *static_cast<TlsStream*>(handle)->native_handle());
    });
    return config;
  }

  Result<Call> Begin(const Request& request, size_t limit) {
    auto token = login_->Token();
    if (!token) return Fail(std::move(token).error());
    Call call{std::make_shared<ResponseInbox>(clock_, limit),
              std::make_shared<ReceiveBound>(request.max_response_bytes +
                                             kBesideTheBody),
              {},
              false};
    try {
      const Beginning beginning(call.bound);
      rest::http_request message(request.method);
      message.set_request_uri(rest::uri(TargetOf(request)));
      message.headers().add("Accept", request.accept);
      message.headers().add("User-Agent", "claviger");
      if (!token->empty()) {
        message.headers().add("Authorization",
                              "Bearer " + std::string(token->Reveal()));
      }
      if (request.method != "GET") {
        message.set_body(request.body, request.content_type);
      }
      message.set_response_stream(
          Concurrency::streams::streambuf<uint8_t>(
              std::make_shared<InboxBuffer>(call.inbox, call.bound))
              .create_ostream());
      Observe(client_.request(message, call.cancel.get_token()), call);
    } catch (const std::exception&) {
      return Fail(ErrorOf(std::current_exception()));
    }
    return call;
  }

  // Every task's outcome is looked at: one that nobody asks for ends the
  // process.
  static void Observe(const pplx::task<rest::http_response>& task,
                      const Call& call) {
    const auto fail = [inbox = call.inbox, bound = call.bound] {
      inbox->Finish(bound->exceeded() ? TooLarge()
                                      : ErrorOf(std::current_exception()));
    };
    task.then([inbox = call.inbox,
               fail](const pplx::task<rest::http_response>& answered) {
      try {
        const rest::http_response response = answered.get();
        const Result<ResponseInbox::Head> head = HeadOf(response);
        head ? inbox->PutHead(*head) : inbox->Finish(head.error());
        response.content_ready().then(
            [inbox, fail](const pplx::task<rest::http_response>& whole) {
              try {
                whole.get();
                inbox->Finish(std::nullopt);
              } catch (...) {
                fail();
              }
            });
      } catch (...) {
        fail();
      }
    });
  }

  const std::shared_ptr<ClusterLogin> login_;
  const Clock& clock_;
  rest::client::http_client client_;
  std::mutex mutex_;  // guards what is below
  std::set<Call*> calls_;
  bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<Transport>> MakeCpprestTransport(Cluster cluster,
                                                        const Clock& clock) {
  const auto refuse = [](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "connect to the cluster: " + why);
  };
  if (!IsTls(cluster.server)) {
    return refuse("its address is not https");
  }
  if (cluster.client_certificate_pem.empty() !=
      cluster.client_key_pem.empty()) {
    return refuse(
        "a client certificate needs its key, and the other way round");
  }
  if (cluster.token.empty() && cluster.token_file.empty() &&
      cluster.client_certificate_pem.empty()) {
    return refuse("there is neither a token nor a client certificate");
  }
  StartThreads();
  const std::string server = cluster.server;
  auto login = std::make_shared<ClusterLogin>(std::move(cluster));
  if (Status prepared = login->Prepare(); !prepared) {
    return refuse(prepared.error().message);
  }
  try {
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
    login->ApplyTo(context);
  } catch (const std::exception&) {
    return refuse("its client certificate or key cannot be used");
  }
  try {
    return std::make_unique<CpprestTransport>(server, std::move(login), clock);
  } catch (const std::exception&) {
    return refuse("its address is not a URL");
  }
}

std::unique_ptr<Transport> MakePlainTransportForTest(const std::string& url,
                                                     const Clock& clock) {
  StartThreads();
  return std::make_unique<CpprestTransport>(
      url, std::make_shared<ClusterLogin>(Cluster()), clock);
}

}  // namespace claviger::kube
