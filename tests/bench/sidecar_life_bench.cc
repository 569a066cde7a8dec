// SPDX-License-Identifier: Apache-2.0
//
// What a sidecar costs a pod that asks little of it: from the start of the
// program to the first credential (login, bindings and read before an embedded
// Vault), anonymous memory with one and with a hundred credentials, and what it
// does while nobody asks. Prints a table, judges nothing.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "bench/sidecar_bed.h"

namespace claviger::bench {
namespace {

constexpr int kStarts = 50;
constexpr int kMany = 100;
constexpr unsigned kIdleSeconds = 60;

void PrintStarts(SidecarBed& bed) {
  std::vector<double> took;
  for (int i = 0; i < kStarts; ++i) took.push_back(bed.Restart().count());
  std::sort(took.begin(), took.end());
  std::printf(
      "start to first credential   p50 %6.1f ms   p99 %6.1f ms   "
      "(goal <= 20 ms, %d starts)\n",
      took[kStarts / 2], took[kStarts - 1], kStarts);
}

void PrintIdle(const SidecarBed& bed) {
  const long wake_ups = bed.WakeUps();
  const auto cpu = bed.CpuTime();
  sleep(kIdleSeconds);
  std::printf(
      "idle for %u s                %.2f wake-ups/s (goal <= 1), "
      "%.2f ms of CPU a second (goal <= 0.1)\n",
      kIdleSeconds,
      static_cast<double>(bed.WakeUps() - wake_ups) / kIdleSeconds,
      (bed.CpuTime() - cpu).count() / kIdleSeconds);
}

void Run() {
  SidecarBed one;
  PrintStarts(one);
  PrintIdle(one);
  const long idle = one.AnonymousKilobytes();
  const SidecarBed many(kMany);
  std::printf(
      "anonymous memory            %ld kB with one credential (goal <= 2867), "
      "%ld kB with %d (goal <= %ld)\n",
      idle, many.AnonymousKilobytes(), kMany, idle + 205);
  std::printf("vault agent: peer absent\n");
}

}  // namespace
}  // namespace claviger::bench

int main() { claviger::bench::Run(); }
