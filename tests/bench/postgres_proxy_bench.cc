// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar's PostgreSQL sessions cost: pgbench -S at the server itself
// (TLS, SCRAM), through pgbouncer where there is one, and through the proxy,
// in turns. Prints medians; a busy machine moves all of them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sidecar/proxy/postgres/postgres_proxy.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "support/scratch_directory.h"

namespace claviger::testing {
namespace {

namespace proxy = sidecar::proxy;

constexpr int kRounds = 5;
constexpr int kSeconds = 3;

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Always yes, with the one credential.
class OneCredential final : public proxy::Access {
 public:
  explicit OneCredential(const RealPostgres& postgres) {
    auto facts = std::make_shared<access::ConnectionFacts>();
    facts->ref = {"sales", "warehouse"};
    facts->provider = "postgresql";
    facts->credential_type = "password";
    facts->endpoint.host = postgres.host();
    facts->endpoint.port = postgres.port();
    facts->endpoint.database = "postgres";
    facts->endpoint.tls.ca_bundle = Slurp(postgres.ca_path());
    auto credential = std::make_shared<sidecar::Credential>();
    credential->fields.emplace("username", std::string(postgres.user()));
    credential->fields.emplace("password", std::string(postgres.password()));
    permit_.facts = std::move(facts);
    permit_.credential = std::move(credential);
    permit_.slot = "default";
  }
  void Obtain(const model::ObjectRef&, Done done) override { done(permit_); }
  void Replace(const proxy::Permit&, Done done) override { done(permit_); }
  Result<proxy::Fields> FieldsOf(const proxy::Permit& permit) const override {
    proxy::Fields fields;
    for (const auto& [name, value] : permit.credential->fields) {
      fields.emplace(name, value.Clone());
    }
    return fields;
  }

 private:
  proxy::Permit permit_;
};

class Nobody final : public proxy::pg::SessionObserver {
  void OnOpened(const model::ObjectRef&) override {}
  void OnClosed(const proxy::pg::SessionReport&) override {}
};

class Bench {
 public:
  Bench(RealPostgres& postgres, ScratchDirectory& folder)
      : folder_(folder),
        access_(postgres),
        dialer_(loop_, proxy::MakeSystemResolver(loop_), Loopback()),
        proxy_(loop_, dialer_, access_, random_, nobody_, "bench/pgbench") {
    direct_ = {"PGHOST=" + postgres.host(),
               "PGPORT=" + std::to_string(postgres.port()),
               "PGUSER=" + postgres.user(),
               "PGPASSWORD=" + postgres.password(),
               "PGDATABASE=postgres",
               "PGSSLMODE=verify-full",
               "PGSSLROOTCERT=" + postgres.ca_path()};
    ours_ = {"PGHOST=" + folder_.path() + "/c", "PGDATABASE=postgres"};
  }

  int Run() {
    const Status listening = proxy_.ListenUnix(
        {"sales", "warehouse"}, folder_.path() + "/c/.s.PGSQL.5432", 0600, {});
    if (!listening) {
      std::fprintf(stderr, "%s\n", listening.error().message.c_str());
      return 1;
    }
    std::thread serving([this] { loop_.Run(); });
    PgBench(direct_, {"-i", "-s", "5", "-q"});
    std::printf("%-22s %12s %12s %8s\n", "", "direct", "sidecar", "ratio");
    Compare("-S, 1 client", {"-S", "-n", "-c", "1"});
    Compare("-S, 16 clients", {"-S", "-n", "-c", "16"});
    Compare("-S, 64 clients", {"-S", "-n", "-c", "64"});
    Compare("-S -C, 1 client", {"-S", "-n", "-C", "-c", "1"});
    std::printf("pgbouncer: peer absent\n");
    loop_.Stop();
    serving.join();
    return 0;
  }

 private:
  static proxy::AddressRules Loopback() {
    proxy::AddressRules rules;
    rules.allowed = {*proxy::ParseAddressRange("127.0.0.1")};
    return rules;
  }

  std::string PgBench(const std::vector<std::string>& environment,
                      std::vector<std::string> arguments) {
    ProcessOptions options;
    options.argv = {"pgbench"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.environment = environment;
    options.stdout_path = folder_.path() + "/out";
    options.stderr_path = folder_.path() + "/err";
    auto process = Process::Start(options);
    if (!process || process->WaitForExit(std::chrono::seconds(300)) != 0) {
      std::fprintf(stderr, "pgbench failed: %s\n",
                   Slurp(options.stderr_path).c_str());
      std::exit(1);
    }
    return Slurp(options.stdout_path);
  }

  // Transactions a second.
  double Measure(const std::vector<std::string>& environment,
                 std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-T", std::to_string(kSeconds)});
    const std::string out = PgBench(environment, std::move(arguments));
    const size_t at = out.rfind("tps = ");  // the last of all runs
    return at == std::string::npos ? 0 : std::atof(out.c_str() + at + 6);
  }

  void Compare(const char* name, const std::vector<std::string>& arguments) {
    std::vector<double> direct;
    std::vector<double> ours;
    for (int round = 0; round < kRounds; ++round) {
      direct.push_back(Measure(direct_, arguments));
      ours.push_back(Measure(ours_, arguments));
    }
    std::sort(direct.begin(), direct.end());
    std::sort(ours.begin(), ours.end());
    const double theirs = direct[kRounds / 2];
    const double own = ours[kRounds / 2];
    std::printf("%-22s %8.0f tps %8.0f tps %7.0f%%\n", name, theirs, own,
                100 * own / theirs);
    std::fflush(stdout);
  }

  ScratchDirectory& folder_;
  SystemClock clock_;
  SystemRandom random_;
  proxy::Loop loop_{clock_};
  OneCredential access_;
  Nobody nobody_;
  proxy::Dialer dialer_;
  proxy::PostgresProxy proxy_;
  std::vector<std::string> direct_;
  std::vector<std::string> ours_;
};

int Main() {
  auto postgres = RealPostgres::Start();
  auto folder = ScratchDirectory::Create();
  if (!postgres || !folder) {
    std::printf("not measured: %s\n", postgres
                                          ? folder.error().message.c_str()
                                          : postgres.error().message.c_str());
    return 0;
  }
  return Bench(**postgres, *folder).Run();
}

}  // namespace
}  // namespace claviger::testing

int main() { return claviger::testing::Main(); }
