// SPDX-License-Identifier: Apache-2.0
#include "operator/brake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/digest.h"

namespace claviger::op {
namespace {

constexpr size_t kMaxExamples = 5;

std::vector<std::string> Gone(const Inventory& known, const Inventory* now) {
  std::vector<std::string> gone;
  if (now == nullptr) {
    gone.assign(known.objects.begin(), known.objects.end());
    return gone;
  }
  std::set_difference(known.objects.begin(), known.objects.end(),
                      now->objects.begin(), now->objects.end(),
                      std::back_inserter(gone));
  return gone;
}

// Gone from the read as a whole.
bool NothingLeft(const Inventories& now) {
  return std::all_of(now.begin(), now.end(), [](const auto& entry) {
    return entry.second.objects.empty();
  });
}

}  // namespace

bool IsConfirmed(const Safety& safety, const std::string& code) {
  std::string_view rest = safety.confirm;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    one = one.substr(0, one.find_last_not_of(' ') + 1);
    if (one == code) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

Brake MakeBrake(const std::string& ns, const std::vector<std::string>& gone,
                size_t known) {
  std::string all;
  for (const std::string& line : gone) all += line + "\n";
  Brake brake{
      ns, gone.size(), known, ns + ":" + Sha256Hex(all).substr(0, 8), {}};
  for (size_t i = 0; i < std::min(gone.size(), kMaxExamples); ++i) {
    // Without the uid: this is for people.
    brake.examples.push_back(gone[i].substr(0, gone[i].rfind('/')));
  }
  return brake;
}

Verdict Judge(const Inventories& known, const Inventories& now,
              const Safety& safety, const Verdict& before) {
  Verdict verdict;
  const auto percent = static_cast<size_t>(std::max(safety.percent, 0));
  const auto min = static_cast<size_t>(std::max(safety.min, 0));
  std::vector<std::string> scattered;  // gone without tripping by itself
  for (const auto& [ns, inventory] : known) {
    const auto found = now.find(ns);
    const std::vector<std::string> gone =
        Gone(inventory, found == now.end() ? nullptr : &found->second);
    const size_t count = inventory.objects.size();
    const bool few = gone.size() <= min || gone.size() * 100 <= percent * count;
    if (gone.empty() || (few && before.frozen.count(ns) == 0)) {
      for (const std::string& line : gone) scattered.push_back(ns + "/" + line);
      continue;
    }
    Brake brake = MakeBrake(ns, gone, count);
    if (IsConfirmed(safety, brake.confirmation)) continue;
    if (ns == kClusterScope) verdict.all = true;
    verdict.frozen.insert(ns);
    verdict.brakes.push_back(std::move(brake));
  }
  // Many small namespaces may be gone without any of them tripping.
  const bool still = before.everything && !scattered.empty();
  if (still || (NothingLeft(now) && scattered.size() > min)) {
    Brake brake =
        MakeBrake(std::string(kEverything), scattered, scattered.size());
    if (!IsConfirmed(safety, brake.confirmation)) {
      verdict.all = true;
      verdict.everything = true;
      verdict.brakes.push_back(std::move(brake));
    }
  }
  return verdict;
}

}  // namespace claviger::op
