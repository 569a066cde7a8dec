// SPDX-License-Identifier: Apache-2.0
//
// The operator at size: 10,000 Connections, 10,000 Grants with ten service
// accounts each. Goals: cold convergence <= 1.1x the same writes by a load
// generator; a restart with nothing to do writes nothing and is ready in 3 s;
// one edit during a full resync is in force in Vault within p50 <= 10 ms, p99
// <= 100 ms; <= 100 MB of anonymous memory; decoding near the JSON library's
// own speed.
//
//   operator_bench [SIZE]     2000 unless given; `operator_bench 10000`
//
// Each run of the operator is a process of its own (`--phase`), so that its
// memory is its own; Vault is the real one where this machine has it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/spdlog_logger.h"
#include "bench/bench_cluster.h"
#include "bench/bench_vault.h"
#include "http/curl_client.h"
#include "operator/kube/object_store.h"
#include "operator/process/cluster_mode.h"
#include "support/dice.h"
#include "support/scratch_directory.h"
#include "vault/http_api.h"
#include "vault/retrying_api.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{600'000};

BenchTime Now() { return std::chrono::steady_clock::now(); }

double Seconds(BenchTime from, BenchTime to) {
  return std::chrono::duration<double>(to - from).count();
}

double AnonymousMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes / 1e3;
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

struct Job {
  std::string phase;
  std::string directory;
  std::string address;
  int size = 0;
};

/// One operator from its start to its end, in this process.
class Run {
 public:
  explicit Run(const Job& job)
      : size_(job.size),
        cluster_(job.size, job.directory),
        client_(*http::MakeCurlClient({})),
        http_(*vault::MakeHttpApi({.address = job.address}, *client_)),
        wire_(*http_, job.phase == "cold" ? job.directory + "/writes" : ""),
        retrying_(vault::MakeRetryingApi(
            wire_, {}, random_,
            [this](milliseconds time) { return stop_.SleepFor(time); },
            &clock_)) {
    config_.layout.cluster = "bench";
    config_.snapshot.paths.cluster = "bench";
    config_.layout.sidecar_audience = "bench";
    config_.cluster_uid = "bench";
    config_.vault_token_file = job.directory + "/token";
    config_.webhook.enabled = false;
    // One slice after the other, for ever: a full resync that never ends.
    if (job.phase == "edits") config_.drift_round = milliseconds(100);
    began_ = Now();
    thread_ = std::thread([this] {
      const Status done =
          op::RunOnCluster({config_, *retrying_, clock_, random_, *log_, stop_,
                            health_, metrics_},
                           {cluster_, lease_, "bench"});
      if (!done) std::printf("%s\n", done.error().message.c_str());
      ended_ = true;
    });
  }
  ~Run() {
    stop_.Stop();
    thread_.join();
    if (const std::string wrong = cluster_.complaint(); !wrong.empty()) {
      std::printf("the benchmark itself: %s\n", wrong.c_str());
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  BenchTime began() const { return began_; }
  int size() const { return size_; }
  BenchCluster& cluster() { return cluster_; }
  Wire& wire() { return wire_; }

  /// When /readyz said so.
  BenchTime AwaitReady() {
    http::ServerRequest probe;
    probe.method = "GET";
    probe.target = "/readyz";
    const BenchTime end = Now() + kPatience;
    while (!ended_ && Now() < end && health_.ProbeAnswer(probe).status != 200) {
      Pause(milliseconds(2));
    }
    return Now();
  }

  /// When everything was brought to what the objects say.
  BenchTime AwaitSettled() { return AwaitPasses(1); }

  /// When policies and roles were compared, too: what the first pass after a
  /// restart puts off is the second one's.
  BenchTime AwaitCompared() { return AwaitPasses(2); }

  /// Until nothing was written anywhere for a while.
  void AwaitQuiet() {
    constexpr milliseconds kQuiet{1'500};
    int64_t known = -1;
    BenchTime since = Now();
    while (!ended_ && Now() - since < kQuiet) {
      const int64_t writes = wire_.writes() + cluster_.status_writes();
      if (writes != known) since = Now();
      known = writes;
      Pause(milliseconds(20));
    }
  }

 private:
  BenchTime AwaitPasses(int count) {
    const std::string passed = "claviger_operator_passes_total{result=\"ok\"} ";
    const BenchTime end = Now() + kPatience;
    while (!ended_ && Now() < end) {
      const std::string text = metrics_.Serialize();
      const size_t at = text.find(passed);
      if (at != std::string::npos &&
          std::stoi(text.substr(at + passed.size())) >= count) {
        break;
      }
      Pause(milliseconds(20));
    }
    return Now();
  }

  const int size_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Logger> log_ =
      MakeStderrLogger(LogLevel::kWarning, "operator_bench");
  op::StopSignal stop_;
  op::Config config_;
  op::Metrics metrics_;
  op::Health health_{metrics_};
  BenchCluster cluster_;
  BenchCluster lease_{0, "/nonexistent"};
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> http_;
  Wire wire_;
  std::unique_ptr<vault::Api> retrying_;
  std::atomic<bool> ended_{false};
  BenchTime began_;
  std::thread thread_;
};

json Cold(Run& run) {
  run.AwaitSettled();
  const double cpu = CpuSeconds();
  run.AwaitQuiet();
  run.cluster().Save();
  return {{"seconds", Seconds(run.began(), run.wire().last_write())},
          {"cpu", cpu},
          {"reads", run.wire().reads()},
          {"writes", run.wire().writes()},
          {"statuses", run.cluster().status_writes()}};
}

json Restart(Run& run) {
  const BenchTime ready = run.AwaitReady();
  const BenchTime settled = run.AwaitSettled();
  const double cpu = CpuSeconds();
  const double peak = AnonymousMegabytes();
  const int64_t reads = run.wire().reads();
  const BenchTime compared = run.AwaitCompared();
  run.AwaitQuiet();
  return {{"seconds", Seconds(run.began(), ready)},
          {"settled", Seconds(run.began(), settled)},
          {"compared", Seconds(run.began(), compared)},
          {"cpu", cpu},
          {"reads", reads},
          {"writes", run.wire().writes()},
          {"statuses", run.cluster().status_writes()},
          {"megabytes_then", peak},
          {"megabytes", AnonymousMegabytes()}};
}

std::string PolicyOf(int account) {
  return "claviger.bench." + BenchPrincipal(account);
}

// Suspending a Grant rewrites the policies of its ten accounts; another last
// subject those of two.
std::set<std::string> Suspend(Run& run, int grant, bool suspended) {
  std::set<std::string> policies;
  for (int i = 0; i < kSubjectsOfAGrant; ++i) {
    policies.insert(PolicyOf(BenchSubject(run.size(), grant, i, 0)));
  }
  run.wire().Expect(policies);
  run.cluster().Edit(grant, suspended, 0);
  return policies;
}

void Shift(Run& run, int grant, bool shifted) {
  constexpr int kShift = 5;
  const int last = kSubjectsOfAGrant - 1;
  run.wire().Expect({PolicyOf(BenchSubject(run.size(), grant, last, 0)),
                     PolicyOf(BenchSubject(run.size(), grant, last, kShift))});
  run.cluster().Edit(grant, false, shifted ? kShift : 0);
}

json Edits(Run& run, bool wide) {
  constexpr int kEdits = 200;
  constexpr milliseconds kAtMost{40'000};
  Dice dice(wide ? 1 : 2);
  std::vector<double> took;
  const BenchTime end = Now() + kAtMost;
  for (int i = 0; i < kEdits && Now() < end; ++i) {
    const int grant = wide ? i / 2 : run.size() / 2 + i / 2;
    const BenchTime began = Now();
    if (wide) {
      Suspend(run, grant, i % 2 == 0);
    } else {
      Shift(run, grant, i % 2 == 0);
    }
    const auto done = run.wire().Await(kAtMost);
    if (!done) return {{"lost", i}};
    took.push_back(1e3 * Seconds(began, *done));
    Pause(milliseconds(10 + dice.Below(40)));
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return took[static_cast<size_t>(part *
                                    static_cast<double>(took.size() - 1))];
  };
  return {{"count", took.size()}, {"p50", at(0.5)}, {"p99", at(0.99)}};
}

json Resync(Run& run) {
  run.AwaitSettled();
  const int64_t before = run.wire().reads();
  const BenchTime began = Now();
  const json wide = Edits(run, true);
  const json narrow = Edits(run, false);
  const double seconds = Seconds(began, Now());
  return {{"wide", wide},
          {"narrow", narrow},
          {"reads_per_second",
           static_cast<double>(run.wire().reads() - before) / seconds},
          {"megabytes", AnonymousMegabytes()}};
}

// What a page of a list costs: the JSON library alone, bounded, and as typed
// values in the store.
json Decode(int size) {
  std::vector<std::string> texts;
  size_t bytes = 0;
  for (int i = 0; i < size; ++i) {
    texts.push_back(i % 2 == 0 ? BenchConnection(i, {})
                               : BenchGrant(size, i, {}));
    bytes += texts.back().size();
  }
  const auto rate = [&](auto take) {
    const BenchTime began = Now();
    for (size_t i = 0; i < texts.size(); ++i) take(i);
    return static_cast<double>(bytes) / 1e6 / Seconds(began, Now());
  };
  const double floor = rate([&](size_t i) { return json::parse(texts[i]); });
  const double bounded = rate([&](size_t i) { return ParseJson(texts[i]); });
  op::ObjectStore store;
  const double typed = rate([&](size_t i) {
    return store.Put(
        i % 2 == 0 ? op::ObjectKind::kConnection : op::ObjectKind::kGrant,
        texts[i]);
  });
  return {{"floor", floor}, {"bounded", bounded}, {"typed", typed}};
}

int Phase(const Job& job) {
  json result;
  if (job.phase == "decode") {
    result = Decode(job.size);
  } else {
    Run run(job);
    if (job.phase == "cold") result = Cold(run);
    if (job.phase == "restart") result = Restart(run);
    if (job.phase == "edits") result = Resync(run);
  }
  std::ofstream(job.directory + "/result") << result.dump();
  return 0;
}

/// Runs this program again, as one phase.
json InAProcess(const char* phase, const std::string& directory,
                const std::string& address, int size) {
  const std::string number = std::to_string(size);
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "operator_bench", "--phase", phase,
          directory.c_str(), address.c_str(), number.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  std::ifstream file(directory + "/result");
  return status == 0 ? json::parse(file, nullptr, false) : json();
}

void Row(const char* what, double value, const char* unit, double goal,
         const char* remark = "") {
  std::printf("%-44s %10.2f %-5s goal %7.1f  %-6s %s\n", what, value, unit,
              goal, value <= goal ? "met" : "MISSED", remark);
}

void PrintEdits(const char* what, const json& edits) {
  if (!edits.contains("p50")) {
    std::printf("%-44s an edit did not reach Vault: %s\n", what,
                edits.dump().c_str());
    return;
  }
  const std::string name(what);
  const std::string count =
      std::to_string(edits["count"].get<int>()) + " edits";
  Row((name + ", p50").c_str(), edits["p50"], "ms", 10, count.c_str());
  Row((name + ", p99").c_str(), edits["p99"], "ms", 100);
}

bool ColdAndReplay(const std::string& directory, int size,
                   std::unique_ptr<BenchVault>& vault) {
  vault = StartBenchVault();
  if (!vault) return false;
  std::ofstream(directory + "/token") << vault->token();
  const json cold = InAProcess("cold", directory, vault->address(), size);
  double floor = 0;
  for (const int threads : {4, 8, 16}) {
    const auto other = StartBenchVault();
    const auto took = other
                          ? ReplayWrites(*other, directory + "/writes", threads)
                          : std::nullopt;
    if (took && (floor == 0 || *took < floor)) floor = *took;
  }
  if (!cold.is_object() || floor == 0) return false;
  std::printf("%d Connections, %d Grants, %d principals; Vault: %s\n", size,
              size, size, vault->is_real() ? "the real one" : "embedded");
  std::printf("%-44s %10.2f s     %d writes\n",
              "load generator, best of 4, 8, 16", floor,
              cold["writes"].get<int>());
  std::printf(
      "%-44s %10.2f s     %.2f s of CPU, %d writes, %d reads, %d "
      "statuses\n",
      "cold convergence", cold["seconds"].get<double>(),
      cold["cpu"].get<double>(), cold["writes"].get<int>(),
      cold["reads"].get<int>(), cold["statuses"].get<int>());
  Row("cold convergence / load generator",
      cold["seconds"].get<double>() / floor, "x", 1.1);
  return true;
}

int Main(int size) {
  const auto scratch = *ScratchDirectory::Create();
  const std::string directory = scratch.path();
  std::unique_ptr<BenchVault> vault;
  if (!ColdAndReplay(directory, size, vault)) return 1;
  const auto phase = [&](const char* name) {
    return InAProcess(name, directory, vault->address(), size);
  };
  const json restart = phase("restart");
  if (!restart.is_object()) return 1;
  Row("restart: Vault writes", restart["writes"], "", 0);
  Row("restart: status writes", restart["statuses"], "", 0);
  const std::string reads =
      std::to_string(restart["reads"].get<int>()) + " reads, " +
      std::to_string(restart["cpu"].get<double>()).substr(0, 4) + " s of CPU";
  Row("restart: ready after", restart["seconds"], "s", 3);
  Row("restart: first pass done after", restart["settled"], "s", 3,
      reads.c_str());
  std::printf("%-44s %10.2f s\n", "restart: policies and roles compared after",
              restart["compared"].get<double>());
  Row("anonymous memory, settled", restart["megabytes"], "MB", 100);
  Row("anonymous memory, at the first pass's end", restart["megabytes_then"],
      "MB", 100);
  const json edits = phase("edits");
  if (!edits.is_object()) return 1;
  std::printf("%-44s %10.0f /s\n", "during a resync: reads of Vault",
              edits["reads_per_second"].get<double>());
  PrintEdits("Grant with 10 subjects suspended", edits["wide"]);
  PrintEdits("a subject of a Grant replaced", edits["narrow"]);
  const json decode = phase("decode");
  std::printf(
      "decode: %.0f MB/s by the JSON library, %.0f bounded, %.0f typed "
      "and stored (%.2f of the library)\n",
      decode["floor"].get<double>(), decode["bounded"].get<double>(),
      decode["typed"].get<double>(),
      decode["typed"].get<double>() / decode["floor"].get<double>());
  return 0;
}

}  // namespace
}  // namespace claviger::testing

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  using namespace claviger::testing;  // NOLINT
  if (argc == 6 && std::strcmp(argv[1], "--phase") == 0) {
    return Phase({argv[2], argv[3], argv[4], std::stoi(argv[5])});
  }
  return Main(argc > 1 ? std::stoi(argv[1]) : 2'000);
}
