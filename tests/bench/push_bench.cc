// SPDX-License-Identifier: Apache-2.0
//
// What many idle listeners cost the operator that tells of changes: anonymous
// memory and CPU, and how long it takes until all have heard. Argument: how
// many (default 10,000; both processes need as many files). Goal: 10,000 within
// 256 MiB, the memory that the chart gives the operator, with 100 left for the
// rest. Prints figures, judges nothing.
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/random.h"
#include "operator/push/endpoint.h"
#include "support/certificates.h"
#include "unit/operator/push/reviews.h"

namespace claviger::bench {
namespace {

using testing::Reviews;
using testing::TokenOf;

double Now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

long AnonymousKb() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    long kilobytes = 0;
    if (word == "RssAnon:" && file >> kilobytes) return kilobytes;
  }
  return 0;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One after another, since the server's work is what is looked at.
SSL* Connect(SSL_CTX* context, uint16_t port, int number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    return nullptr;
  }
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) return nullptr;
  const std::string request =
      "GET /v1/changes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
      TokenOf("system:serviceaccount:reports:a" + std::to_string(number)) +
      "\r\n\r\n";
  SSL_write(ssl, request.data(), static_cast<int>(request.size()));
  return ssl;
}

bool ReadUntil(SSL* ssl, const std::string& text) {
  std::string all;
  char piece[1'024];
  while (all.find(text) == std::string::npos) {
    const int got = SSL_read(ssl, piece, sizeof(piece));
    if (got <= 0) return false;
    all.append(piece, static_cast<size_t>(got));
  }
  return true;
}

// The clients: a process of its own. Writes a byte when all listen, and one
// when all have heard.
int Listen(int from, int to, int count) {
  uint16_t port = 0;
  if (read(from, &port, sizeof(port)) != sizeof(port)) return 1;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  std::vector<SSL*> all;
  for (int i = 0; i < count; ++i) {
    SSL* ssl = Connect(context, port, i);
    if (ssl == nullptr || !ReadUntil(ssl, "\r\n\r\n")) return 1;
    all.push_back(ssl);
  }
  if (write(to, "l", 1) != 1) return 1;
  for (SSL* ssl : all) {
    if (!ReadUntil(ssl, "changed")) return 1;
  }
  if (write(to, "h", 1) != 1) return 1;
  char end = 0;
  return read(from, &end, 1) == 1 ? 0 : 1;
}

int Serve(int from, int to, int count) {
  SystemClock clock;
  SystemRandom random;
  NullLogger log;
  Reviews reviews;
  const kube::Client client(reviews);
  const auto authority = testing::CertificateAuthority::Create("bench");
  const auto leaf = authority->IssueForLoopback();
  const auto certificates = std::make_shared<http::CertificateStore>();
  if (!certificates->Set(leaf->certificate_pem,
                         Secret(std::string(leaf->key_pem)))) {
    return 1;
  }
  op::push::EndpointOptions options;
  options.address = "127.0.0.1";
  options.port = 0;
  options.max_listeners = static_cast<size_t>(count);
  options.review.audience = testing::kPushAudience;
  options.review.per_second = 1e9;
  options.review.burst = 1e9;
  auto endpoint = op::push::StartEndpoint(
      options, {client, clock, random, log, certificates});
  if (!endpoint) return 1;
  op::push::Hub& hub = (*endpoint)->hub();
  hub.Open();
  const long before = AnonymousKb();
  const double cpu_before = CpuSeconds();
  const double began = Now();
  const uint16_t port = (*endpoint)->port();
  char said = 0;
  if (write(to, &port, sizeof(port)) != sizeof(port)) return 1;
  if (read(from, &said, 1) != 1) return 1;
  while (hub.listeners() < static_cast<size_t>(count))
    std::this_thread::yield();
  std::printf("%d listeners after %.1f s, %.2f ms of CPU each\n", count,
              Now() - began, (CpuSeconds() - cpu_before) * 1e3 / count);
  std::printf("anonymous memory: %.1f MiB, %.1f KiB each\n",
              static_cast<double>(AnonymousKb()) / 1024,
              static_cast<double>(AnonymousKb() - before) / count);
  const double idle_cpu = CpuSeconds();
  std::this_thread::sleep_for(std::chrono::seconds(30));
  std::printf("idle: %.2f %% of a core\n", (CpuSeconds() - idle_cpu) / 0.3);
  const double told = Now();
  hub.Announce("everyone.sa");
  std::printf("told: %.1f ms\n", (Now() - told) * 1e3);
  if (read(from, &said, 1) != 1) return 1;
  std::printf("all have heard after %.0f ms; anonymous memory %.1f MiB\n",
              (Now() - told) * 1e3, static_cast<double>(AnonymousKb()) / 1024);
  return write(to, "e", 1) == 1 ? 0 : 1;
}

int Run(int count) {
  AllowManyFiles();
  int down[2];
  int up[2];
  if (pipe(down) != 0 || pipe(up) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) _exit(Listen(down[0], up[1], count));
  close(up[1]);
  const int served = Serve(up[0], down[1], count);
  close(down[1]);
  int status = 0;
  waitpid(child, &status, 0);
  return served;
}

}  // namespace
}  // namespace claviger::bench

int main(int argc, char** argv) {
  return claviger::bench::Run(argc > 1 ? std::atoi(argv[1]) : 10'000);
}
