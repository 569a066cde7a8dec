// SPDX-License-Identifier: Apache-2.0
#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace claviger::testing {
namespace {

constexpr int kBacklog = 64;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A socket of that port, which several may share; 0: a free one. -1: none.
int BindShared(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  const sockaddr_in address = Loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
      0) {
    return fd;
  }
  close(fd);
  return -1;
}

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// A client that hangs up while we write through TLS must not end the test.
void IgnoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace

/// A descriptor that others may end by BreakAll, until this closes it.
class FaultProxy::Registered {
 public:
  Registered(FaultProxy& proxy, int fd) : proxy_(proxy) {
    const std::lock_guard lock(proxy_.mutex_);
    at_ = proxy_.open_.insert(proxy_.open_.end(), fd);
    if (proxy_.stopping_ || proxy_.mode_ == Mode::kRefuse) {
      shutdown(fd, SHUT_RDWR);
    }
  }
  ~Registered() {
    const std::lock_guard lock(proxy_.mutex_);
    close(*at_);
    proxy_.open_.erase(at_);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  FaultProxy& proxy_;
  std::list<int>::iterator at_;
};

Result<std::unique_ptr<FaultProxy>> FaultProxy::Start(
    const Settings& settings) {
  std::unique_ptr<FaultProxy> proxy(new FaultProxy(settings));
  if (Status done = proxy->Open(); !done) return Fail(done.error());
  return proxy;
}

FaultProxy::FaultProxy(const Settings& settings) : settings_(settings) {}

Status FaultProxy::Open() {
  IgnoreBrokenPipes();
  if (!settings_.ca_file.empty()) {
    const auto authority = CertificateAuthority::Create("fault-proxy");
    if (!authority) return Fail(authority.error());
    const auto certificate = authority->IssueForLoopback();
    if (!certificate) return Fail(certificate.error());
    ca_pem_ = authority->certificate_pem();
    front_ = ProxyTls::Serving(*certificate);
    back_ = ProxyTls::Calling(settings_.ca_file);
  }
  holder_ = BindShared(0);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  port_ = PortOf(holder_);
  if (holder_ < 0 || wake_ < 0 || !Listen()) {
    return Fail(ErrorCode::kInternal, "start a proxy: no socket");
  }
  acceptor_ = std::thread([this] { Accept(); });
  return {};
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  changed_.notify_all();
  if (wake_ >= 0) eventfd_write(wake_, 1);
  if (acceptor_.joinable()) acceptor_.join();
  Reap(true);
  Unlisten();
  if (holder_ >= 0) close(holder_);
  if (wake_ >= 0) close(wake_);
}

std::string FaultProxy::url() const {
  return (ca_pem_.empty() ? "http" : "https") + std::string("://127.0.0.1:") +
         std::to_string(port_);
}

bool FaultProxy::Listen() {
  const std::lock_guard lock(mutex_);
  if (listener_ >= 0) return true;
  listener_ = BindShared(port_);
  return listener_ >= 0 && listen(listener_, kBacklog) == 0;
}

void FaultProxy::Unlisten() {
  const std::lock_guard lock(mutex_);
  if (listener_ < 0) return;
  shutdown(listener_, SHUT_RDWR);  // at once, whoever still polls it
  close(listener_);
  listener_ = -1;
}

void FaultProxy::SetMode(Mode mode) {
  {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
  }
  if (mode == Mode::kRefuse) {
    Unlisten();
    BreakAll();
  } else {
    Listen();
  }
  changed_.notify_all();
  eventfd_write(wake_, 1);
}

void FaultProxy::BreakAll() {
  const std::lock_guard lock(mutex_);
  for (const int fd : open_) shutdown(fd, SHUT_RDWR);
}

void FaultProxy::BreakAfter(std::optional<size_t> bytes) {
  const std::lock_guard lock(mutex_);
  hooks_.break_after = bytes;
}

void FaultProxy::OnCall(CallHook hook) {
  const std::unique_lock none_runs(running_);
  const std::lock_guard lock(mutex_);
  hooks_.call = std::move(hook);
}

void FaultProxy::OnAnswer(AnswerHook hook) {
  const std::unique_lock none_runs(running_);
  const std::lock_guard lock(mutex_);
  hooks_.answer = std::move(hook);
}

void FaultProxy::OnLine(LineHook hook) {
  const std::unique_lock none_runs(running_);
  const std::lock_guard lock(mutex_);
  hooks_.line = std::move(hook);
}

void FaultProxy::Heal() {
  {
    const std::unique_lock none_runs(running_);
    const std::lock_guard lock(mutex_);
    hooks_ = {};
    ++heals_;
  }
  SetMode(Mode::kPass);
}

FaultProxy::Hooks FaultProxy::hooks() const {
  const std::lock_guard lock(mutex_);
  return hooks_;
}

void FaultProxy::Accept() {
  while (true) {
    int listener = -1;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      listener = listener_;
    }
    std::array<pollfd, 2> both = {{{wake_, POLLIN, 0}, {listener, POLLIN, 0}}};
    poll(both.data(), both.size(), -1);
    eventfd_t woken = 0;
    eventfd_read(wake_, &woken);
    const std::lock_guard lock(mutex_);
    if (listener_ < 0 || (both[1].revents & POLLIN) == 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) TakeConnection(fd);
  }
}

void FaultProxy::TakeConnection(int fd) {
  ++connections_;
  Reap(false);
  Served& served = served_.emplace_back();
  served.thread = std::thread([this, fd, &served] {
    Serve(fd);
    served.done = true;
  });
}

void FaultProxy::Reap(bool all) {
  for (auto one = served_.begin(); one != served_.end();) {
    if (!all && !one->done) {
      ++one;
      continue;
    }
    one->thread.join();
    one = served_.erase(one);
  }
}

bool FaultProxy::Gate() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || mode_ != Mode::kHang; });
  return !stopping_;
}

void FaultProxy::Hang() {
  std::unique_lock lock(mutex_);
  const int before = heals_;
  changed_.wait(lock, [&] { return stopping_ || heals_ != before; });
}

void FaultProxy::Serve(int fd) {
  const Registered registered(*this, fd);
  if (!Gate()) return;
  ProxyChannel client = ProxyChannel::Accept(fd, front_);
  if (!client.ok()) return;
  if (const auto bytes = hooks().break_after) client.BreakAfter(*bytes);
  CallReader reader(client);
  ProxiedCall call;
  while (reader.Read(call) && Gate() && Forward(client, call)) {
  }
}

// False when the connection is to end.
bool FaultProxy::Forward(ProxyChannel& client, const ProxiedCall& call) {
  ++calls_;
  CallVerdict verdict;
  {
    const std::shared_lock runs(running_);
    if (const CallHook hook = hooks().call) verdict = hook(call);
  }
  switch (verdict.kind) {
    case CallVerdict::Kind::kPass:
      return Relay(client, call);
    case CallVerdict::Kind::kDrop:
      client.Break();
      return false;
    case CallVerdict::Kind::kHang:
      Hang();
      return false;
    case CallVerdict::Kind::kAnswer:
      return client.Write(TextOf(verdict.answer));
  }
  return false;
}

bool FaultProxy::Relay(ProxyChannel& client, const ProxiedCall& call) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Registered registered(*this, fd);
  const sockaddr_in address = Loopback(settings_.port);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0;
  ProxyChannel server =
      ProxyChannel::Connect(fd, connected ? back_ : ProxyTls());
  AnswerReader reader(server);
  ProxiedAnswer answer;
  if (!connected || !server.ok() || !server.Write(TextOf(call)) ||
      !reader.ReadHead(answer)) {
    return false;
  }
  if (call.IsWatch() && answer.status == 200) {
    return client.Write(ChunkedHeadOf(answer)) &&
           RelayStream(client, call, server, reader);
  }
  if (!reader.ReadBody(answer)) return false;
  {
    const std::shared_lock runs(running_);
    if (const AnswerHook hook = hooks().answer) hook(call, answer);
  }
  return Gate() && client.Write(TextOf(answer));
}

bool FaultProxy::RelayStream(ProxyChannel& client, const ProxiedCall& call,
                             ProxyChannel& server, AnswerReader& reader) {
  std::string bytes;
  while (!reader.done()) {
    if (!reader.HasPiece() && !server.AwaitBytesUnlessClosed(client)) {
      return false;
    }
    const bool more = reader.ReadPiece(bytes);
    for (size_t end = 0; (end = bytes.find('\n')) != std::string::npos;) {
      const std::string line = bytes.substr(0, end + 1);
      bytes.erase(0, end + 1);
      if (!Gate() || !SendLine(client, call, line)) return false;
    }
    if (!more && !reader.done()) return false;
  }
  return client.Write(ChunkOf(""));
}

bool FaultProxy::SendLine(ProxyChannel& client, const ProxiedCall& call,
                          const std::string& line) {
  StreamPiece piece{line};
  {
    const std::shared_lock runs(running_);
    if (const LineHook hook = hooks().line) piece = hook(call, line);
  }
  if (!piece.bytes.empty() && !client.Write(ChunkOf(piece.bytes))) return false;
  switch (piece.then) {
    case StreamPiece::Then::kGoOn:
      return true;
    case StreamPiece::Then::kEnd:
      client.Write(ChunkOf(""));
      return false;
    case StreamPiece::Then::kBreak:
      client.Break();
      return false;
  }
  return false;
}

}  // namespace claviger::testing
