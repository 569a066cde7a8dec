// SPDX-License-Identifier: Apache-2.0
//
// How fast the sidecar answers a cached credential over its Unix socket, as a
// share of a raw epoll loop that sends the very same bytes, in turns in one
// run; and how much anonymous memory it holds. Prints a table, judges nothing.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "bench/epoll_floor.h"
#include "bench/sidecar_bed.h"
#include "bench/unix_load.h"

namespace claviger::bench {
namespace {

constexpr int kClients = 16;
constexpr int kRounds = 10;
constexpr std::chrono::milliseconds kRound{500};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Series {
  std::vector<double> rate;
  std::vector<double> p50;
  std::vector<double> p99;

  void Add(const LoadResult& result) {
    rate.push_back(result.per_second());
    p50.push_back(result.p50_us);
    p99.push_back(result.p99_us);
  }
  void Print(const char* name) const {
    std::printf("%-22s %10.0f answers/s   p50 %6.0f us   p99 %6.0f us\n", name,
                Median(rate), Median(p50), Median(p99));
  }
};

void Run() {
  const SidecarBed bed;
  const std::string request = SidecarBed::CredentialRequest();
  const long idle = bed.AnonymousKilobytes();
  const EpollFloor floor(bed.InScratch("floor.sock"),
                         Ask(bed.socket(), request), -1);
  Series ours;
  Series raw;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    ours.Add(Load(bed.socket(), request, kClients, kRound));
    raw.Add(Load(bed.InScratch("floor.sock"), request, kClients, kRound));
    ratios.push_back(ours.rate.back() / raw.rate.back());
  }
  std::printf(
      "cached credential, %d clients, one server thread, %d rounds of "
      "%lld ms in turns (medians)\n",
      kClients, kRounds, static_cast<long long>(kRound.count()));
  ours.Print("claviger-sidecar");
  raw.Print("raw epoll, same bytes");
  std::printf(
      "ratio                  %10.2f   (min %.2f, max %.2f; goal >= "
      "0.60)\n",
      Median(ratios), *std::min_element(ratios.begin(), ratios.end()),
      *std::max_element(ratios.begin(), ratios.end()));
  std::printf(
      "anonymous memory after one credential %ld kB (goal <= 3072), "
      "after the load %ld kB, resident %ld kB\n",
      idle, bed.AnonymousKilobytes(), bed.ResidentKilobytes());
}

}  // namespace
}  // namespace claviger::bench

int main() { claviger::bench::Run(); }
