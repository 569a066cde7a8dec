// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/held_back.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"

namespace claviger::op {
namespace {

using nlohmann::json;

// What reads a Lease takes no more than 64 KiB of it.
constexpr size_t kMaxNamespaces = 20;
constexpr size_t kMaxBytes = 8'000;
constexpr JsonLimits kLimits = {size_t{64} << 10U, 4, 1'000};

json ToJson(const Brake& brake, bool frozen) {
  return {{"namespace", brake.ns}, {"gone", brake.gone},
          {"known", brake.known},  {"confirm", brake.confirmation},
          {"frozen", frozen},      {"examples", brake.examples}};
}

size_t NumberAt(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned()
             ? found->get<size_t>()
             : 0;
}

HeldBack FromJson(const json& one) {
  HeldBack held;
  held.brake = {TextAt(one, "namespace"),
                NumberAt(one, "gone"),
                NumberAt(one, "known"),
                TextAt(one, "confirm"),
                {}};
  const auto frozen = one.find("frozen");
  held.frozen = frozen != one.end() && *frozen == true;
  const auto examples = one.find("examples");
  if (examples == one.end() || !examples->is_array()) return held;
  for (const json& example : *examples) {
    if (!example.is_string()) continue;
    held.brake.examples.push_back(example.get<std::string>());
  }
  return held;
}

}  // namespace

std::string EncodeHeldBack(const PassReport& report) {
  json all = json::array();
  size_t bytes = 0;
  const auto add = [&](const Brake& brake, bool frozen) {
    json one = ToJson(brake, frozen);
    bytes += DumpJson(one).size();
    if (bytes > kMaxBytes || all.size() >= kMaxNamespaces) return;
    all.push_back(std::move(one));
  };
  for (const Brake& one : report.brakes) add(one, true);
  for (const Brake& one : report.missing) add(one, false);
  return all.empty() ? "" : DumpJson(all);
}

std::vector<HeldBack> DecodeHeldBack(std::string_view text) {
  std::vector<HeldBack> all;
  if (text.empty()) return all;
  const Result<json> list = ParseJson(text, kLimits);
  if (!list || !list->is_array()) return all;
  for (const json& one : *list) {
    if (one.is_object()) all.push_back(FromJson(one));
  }
  return all;
}

int64_t DecodeEpoch(std::string_view text) {
  int64_t epoch = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, epoch);
  return read.ec == std::errc() && read.ptr == end ? epoch : 0;
}

}  // namespace claviger::op
