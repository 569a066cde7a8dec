// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand sessions that do nothing, and what each costs the sidecar. Their
// clients and their server are another process, so that this one's memory is
// the proxy's alone.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "postgres/startup.h"
#include "postgres/wire.h"
#include "sidecar/proxy/postgres/postgres_proxy.h"
#include "support/certificates.h"
#include "support/scratch_directory.h"
#include "unit/postgres/played_server.h"
#include "unit/sidecar/proxy/postgres/front_bed.h"

namespace claviger::testing {
namespace {

namespace proxy = sidecar::proxy;

constexpr size_t kWarmUp = 50;
// Two descriptors for each session in either process, and some.
constexpr rlim_t kDescriptorsBeside = 200;

// As many sessions of those wanted as the system lets a process have.
size_t RaiseDescriptors(size_t sessions) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = 2 * sessions + kDescriptorsBeside;
  if (limit.rlim_cur >= wanted) return sessions;
  const rlimit more{wanted, std::max(limit.rlim_max, wanted)};
  if (setrlimit(RLIMIT_NOFILE, &more) == 0) return sessions;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  return (limit.rlim_cur - kDescriptorsBeside) / 2;
}

int64_t AnonymousKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kibi = 0;
    if (word == "RssAnon:" && status >> kibi) return kibi;
  }
  return 0;
}

// The other process: a client and the server of one session after the other,
// by blocking calls; ends with 1 where something is not as it should be.
class Peers {
 public:
  Peers(int listener, std::string path, SSL_CTX* tls)
      : listener_(listener), path_(std::move(path)), tls_(tls) {}

  void Open() {
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    Check(connect(client, reinterpret_cast<sockaddr*>(&address),
                  sizeof(address)) == 0);
    const std::string startup =
        postgres::MakeStartup(0, {{"user", "u"}, {"application_name", "idle"}});
    Check(write(client, startup.data(), startup.size()) ==
          static_cast<ssize_t>(startup.size()));
    LetIn(accept(listener_, nullptr, nullptr));
    // To the end of ReadyForQuery.
    std::string heard;
    while (heard.size() < 6 || heard[heard.size() - 6] != 'Z') {
      std::array<char, 512> space;
      const ssize_t got = read(client, space.data(), space.size());
      Check(got > 0);
      heard.append(space.data(), static_cast<size_t>(got));
    }
  }

 private:
  static void Check(bool right) {
    if (!right) _exit(1);
  }

  void LetIn(int server) {
    std::array<char, 512> space;
    const std::string welcome = Authentication(0) + Welcome();
    if (tls_ == nullptr) {
      Check(read(server, space.data(), space.size()) > 0);
      Check(write(server, welcome.data(), welcome.size()) > 0);
      return;
    }
    Check(read(server, space.data(), 8) == 8);
    Check(write(server, "S", 1) == 1);
    SSL* const ssl = SSL_new(tls_);
    SSL_set_fd(ssl, server);
    Check(SSL_accept(ssl) == 1);
    Check(SSL_read(ssl, space.data(), space.size()) > 0);
    Check(SSL_write(ssl, welcome.data(), static_cast<int>(welcome.size())) > 0);
  }

  const int listener_;
  const std::string path_;
  SSL_CTX* const tls_;
};

SSL_CTX* ServerContext(const CertificateAuthority& authority) {
  const auto issued = authority.IssueForLoopback();
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_num_tickets(context, 0);
  BIO* const chain = BIO_new_mem_buf(issued->certificate_pem.data(), -1);
  BIO* const key = BIO_new_mem_buf(issued->key_pem.data(), -1);
  SSL_CTX_use_certificate(context,
                          PEM_read_bio_X509(chain, nullptr, nullptr, nullptr));
  SSL_CTX_use_PrivateKey(
      context, PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr));
  return context;
}

class Nobody final : public proxy::pg::SessionObserver {
  void OnOpened(const model::ObjectRef&) override {}
  void OnClosed(const proxy::pg::SessionReport&) override {}
};

class IdleSessionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = ScratchDirectory::Create();
    ASSERT_TRUE(folder);
    folder_.emplace(*std::move(folder));
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(listener_, 64), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    access_.facts().endpoint.port = ntohs(address.sin_port);
  }
  void TearDown() override { close(listener_); }

  // Opens the sessions; bytes of anonymous memory for each.
  int64_t CostOf(size_t sessions, SSL_CTX* tls) {
    sessions = RaiseDescriptors(sessions);
    std::array<int, 2> go = {-1, -1};
    std::array<int, 2> done = {-1, -1};
    EXPECT_TRUE(pipe(go.data()) == 0 && pipe(done.data()) == 0);
    const std::string path = folder_->path() + "/.s.PGSQL.5432";
    const pid_t peers = fork();
    if (peers == 0) {
      close(go[1]);
      RunPeers(Peers(listener_, path, tls), sessions, go[0], done[1]);
    }
    close(go[0]);
    close(done[1]);
    const int64_t kibi = Serve(path, sessions, go[1], done[0]);
    close(go[1]);  // they end
    int status = 0;
    waitpid(peers, &status, 0);
    EXPECT_EQ(status, 0);
    close(done[0]);
    return kibi * 1024 / static_cast<int64_t>(sessions - kWarmUp);
  }

 private:
  // A byte each way: as many as warm things up, then all; then until the end.
  [[noreturn]] static void RunPeers(Peers peers, size_t sessions, int go,
                                    int done) {
    char byte = 0;
    for (const size_t count : {kWarmUp, sessions - kWarmUp}) {
      if (read(go, &byte, 1) != 1) _exit(1);
      for (size_t i = 0; i < count; ++i) peers.Open();
      if (write(done, &byte, 1) != 1) _exit(1);
    }
    _exit(read(go, &byte, 1) == 0 ? 0 : 1);
  }

  int64_t Serve(const std::string& path, size_t sessions, int go, int done) {
    SystemClock clock;
    SystemRandom random;
    Nobody nobody;
    proxy::Loop loop(clock);
    proxy::AddressRules rules;
    rules.allowed = {*proxy::ParseAddressRange("127.0.0.1")};
    proxy::Dialer dialer(loop, proxy::MakeSystemResolver(loop), rules);
    proxy::PostgresProxy served(loop, dialer, access_, random, nobody, "a/b");
    EXPECT_TRUE(served.ListenUnix({"sales", "warehouse"}, path, 0600, {}));
    std::thread thread([&] { loop.Run(); });
    const auto open = [&] {
      char byte = 'x';
      EXPECT_EQ(write(go, &byte, 1), 1);
      EXPECT_EQ(read(done, &byte, 1), 1);
      return AnonymousKiB();
    };
    const int64_t before = open();
    const int64_t after = open();
    loop.Stop();
    thread.join();
    EXPECT_FALSE(served.idle());
    std::printf("%zu idle sessions: %lld KiB of anonymous memory\n", sessions,
                static_cast<long long>(after));
    served.CloseAll();
    return after - before;
  }

 protected:
  std::optional<ScratchDirectory> folder_;
  int listener_ = -1;
  PlayedAccess access_;
};

TEST_F(IdleSessionsTest, TenThousandCostLittleEach) {
  const int64_t bytes = CostOf(10'000, nullptr);
  std::printf("without TLS: %lld bytes each\n", static_cast<long long>(bytes));
  EXPECT_LT(bytes, 4'000);
}

// Nearly all of it is OpenSSL's.
TEST_F(IdleSessionsTest, ThoseWithTlsCostWhatTlsDoes) {
  const auto authority = CertificateAuthority::Create("idle");
  ASSERT_TRUE(authority);
  SSL_CTX* const context = ServerContext(*authority);
  access_.facts().endpoint.insecure = false;
  access_.facts().endpoint.tls = {};
  access_.facts().endpoint.tls.ca_bundle = authority->certificate_pem();
  const int64_t bytes = CostOf(2'000, context);
  std::printf("with TLS: %lld bytes each\n", static_cast<long long>(bytes));
  EXPECT_LT(bytes, 16'000);
  SSL_CTX_free(context);
}

}  // namespace
}  // namespace claviger::testing
