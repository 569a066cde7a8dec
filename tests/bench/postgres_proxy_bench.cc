// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar's PostgreSQL sessions cost: pgbench -S at the server itself
// (TLS, SCRAM), through pgbouncer where there is one, and through the proxy,
// in turns. Prints medians; a busy machine moves all of them, so the ratios of
// one run count. Goals: at most 15 us more for a query, 85 % of direct
// throughput, 0.5 ms more for a connection. The first argument is the seconds
// of each run (3).
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
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

// pgbouncer in session mode, TLS and SCRAM to the server, a Unix socket without
// a password for clients: as the sidecar is used. A client that leaves does not
// end the server's connection, so that it is no peer for setting one up.
class PgBouncer {
 public:
  // What psql and pgbench need to get there; nothing where it is not installed.
  static std::optional<std::vector<std::string>> Start(
      const RealPostgres& postgres, const std::string& folder,
      std::optional<Process>& process) {
    const auto program = FindProgram("/usr/sbin/pgbouncer");
    if (!program) return std::nullopt;
    const std::string own = folder + "/pgbouncer";
    std::ofstream config;
    // It refuses to run as root.
    const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    mkdir(own.c_str(), 0700);
    config.open(own + "/pgbouncer.ini");
    config << "[databases]\n* = host=" << postgres.host()
           << " port=" << postgres.port() << " user=" << postgres.user()
           << " password=" << postgres.password() << "\n[pgbouncer]\n"
           << "listen_addr =\nlisten_port = 6432\nunix_socket_dir = " << own
           << "\nauth_type = any\npool_mode = session\n"
           << "default_pool_size = 100\nserver_tls_sslmode = verify-full\n"
           << "server_tls_ca_file = " << postgres.ca_path() << "\n";
    config.close();
    ProcessOptions options;
    options.argv = {*program, own + "/pgbouncer.ini"};
    options.stderr_path = own + ".log";
    if (user != nullptr) {
      options.user = "postgres";
      chmod(folder.c_str(), 0755);
      for (const std::string& path : {own, own + "/pgbouncer.ini"}) {
        if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
          return std::nullopt;
        }
      }
    }
    auto started = Process::Start(options);
    if (!started || !started->WaitForLine("process up", kPatience)) {
      return std::nullopt;
    }
    process = *std::move(started);
    return std::vector<std::string>{"PGHOST=" + own, "PGPORT=6432",
                                    "PGUSER=any", "PGDATABASE=postgres"};
  }

 private:
  static constexpr std::chrono::seconds kPatience{10};
};

class Bench {
 public:
  Bench(RealPostgres& postgres, ScratchDirectory& folder, int seconds)
      : folder_(folder),
        seconds_(seconds),
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
    pgbouncer_ = PgBouncer::Start(postgres, folder_.path(), bouncer_);
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
    std::printf("medians of %d runs of %d s, transactions a second\n", kRounds,
                seconds_);
    std::printf("%-26s %9s %9s %6s %10s %6s\n", "pgbench -S", "direct",
                "sidecar", "ratio", "pgbouncer", "ratio");
    Compare("1 client", {"-S", "-n", "-c", "1"});
    Compare("1 client, prepared", {"-S", "-n", "-c", "1", "-M", "prepared"});
    Compare("16 clients", {"-S", "-n", "-c", "16"});
    Compare("64 clients", {"-S", "-n", "-c", "64"});
    Compare("1 client, -C", {"-S", "-n", "-C", "-c", "1"});
    if (!pgbouncer_) std::printf("pgbouncer: peer absent\n");
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
    arguments.insert(arguments.end(), {"-T", std::to_string(seconds_)});
    const std::string out = PgBench(environment, std::move(arguments));
    const size_t at = out.rfind("tps = ");  // the last of all runs
    return at == std::string::npos ? 0 : std::atof(out.c_str() + at + 6);
  }

  static double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  void Compare(const char* name, const std::vector<std::string>& arguments) {
    std::vector<double> direct;
    std::vector<double> ours;
    std::vector<double> bouncer;
    for (int round = 0; round < kRounds; ++round) {
      direct.push_back(Measure(direct_, arguments));
      ours.push_back(Measure(ours_, arguments));
      if (pgbouncer_) bouncer.push_back(Measure(*pgbouncer_, arguments));
    }
    const double theirs = Median(direct);
    const double own = Median(ours);
    std::printf("%-26s %9.0f %9.0f %5.0f%%", name, theirs, own,
                100 * own / theirs);
    if (pgbouncer_) {
      const double peer = Median(bouncer);
      std::printf(" %10.0f %5.0f%%", peer, 100 * peer / theirs);
    }
    const bool alone = std::string_view(name).starts_with("1 ");
    constexpr double kMicroseconds = 1e6;
    if (alone) {
      std::printf("   + %.0f us", kMicroseconds / own - kMicroseconds / theirs);
      if (pgbouncer_) {
        std::printf(", pgbouncer + %.0f us",
                    kMicroseconds / Median(bouncer) - kMicroseconds / theirs);
      }
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  ScratchDirectory& folder_;
  const int seconds_;
  SystemClock clock_;
  SystemRandom random_;
  proxy::Loop loop_{clock_};
  OneCredential access_;
  Nobody nobody_;
  proxy::Dialer dialer_;
  proxy::PostgresProxy proxy_;
  std::vector<std::string> direct_;
  std::vector<std::string> ours_;
  std::optional<Process> bouncer_;
  std::optional<std::vector<std::string>> pgbouncer_;
};

int Main(int seconds) {
  auto postgres = RealPostgres::Start();
  auto folder = ScratchDirectory::Create();
  if (!postgres || !folder) {
    std::printf("not measured: %s\n", postgres
                                          ? folder.error().message.c_str()
                                          : postgres.error().message.c_str());
    return 0;
  }
  // pgbouncer keeps its connections, beside 64 of others.
  const bool roomy =
      (*postgres)->Query("ALTER SYSTEM SET max_connections = 300;") &&
      (*postgres)->Shutdown() && (*postgres)->StartAgain();
  if (!roomy) {
    std::printf("not measured: PostgreSQL cannot be set up\n");
    return 0;
  }
  return Bench(**postgres, *folder, seconds).Run();
}

}  // namespace
}  // namespace claviger::testing

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 3;
  return claviger::testing::Main(seconds > 0 ? seconds : 3);
}
