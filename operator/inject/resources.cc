// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/resources.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::op::inject {
namespace {

using nlohmann::json;

constexpr size_t kMaxResourcesBytes = 1'024;
constexpr size_t kMaxDigits = 12;
constexpr std::array<std::string_view, 3> kKnown = {"cpu", "memory",
                                                    "ephemeral-storage"};
constexpr std::array<std::string_view, 8> kSuffixes = {"",  "m",  "k",  "M",
                                                       "G", "Ki", "Mi", "Gi"};

bool IsQuantity(std::string_view text) {
  const size_t digits =
      std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, digits);
  return !number.empty() && number.size() <= kMaxDigits &&
         number.front() != '.' && number.back() != '.' &&
         std::count(number.begin(), number.end(), '.') <= 1 &&
         std::find(kSuffixes.begin(), kSuffixes.end(), text.substr(digits)) !=
             kSuffixes.end();
}

Status Take(const json& from, Quantities& into) {
  if (!from.is_object()) {
    return Fail(ErrorCode::kInvalidArgument,
                "requests and limits are maps of quantities");
  }
  Quantities taken;
  for (const auto& [name, value] : from.items()) {
    if (value.is_string()) {
      taken[name] = value.get<std::string>();
    } else if (value.is_number_unsigned()) {
      taken[name] = std::to_string(value.get<uint64_t>());
    } else {
      taken[name] = "";
    }
  }
  if (auto good = CheckQuantities(taken); !good) return good;
  for (auto& [name, value] : taken) into[name] = value;
  return {};
}

}  // namespace

Status CheckQuantities(const Quantities& quantities) {
  for (const auto& [name, value] : quantities) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "resources are cpu, memory and ephemeral-storage");
    }
    if (!IsQuantity(value)) {
      return Fail(ErrorCode::kInvalidArgument,
                  name + " is not a quantity like 5m or 16Mi");
    }
  }
  return {};
}

Status ReadResources(std::string_view text, Resources& into) {
  JsonLimits limits;
  limits.max_bytes = kMaxResourcesBytes;
  const auto parsed = ParseJson(text, limits);
  if (!parsed || !parsed->is_object()) {
    return Fail(ErrorCode::kInvalidArgument,
                "not JSON like {\"requests\": {\"memory\": \"32Mi\"}}");
  }
  for (const auto& [key, value] : parsed->items()) {
    if (key != "requests" && key != "limits") {
      return Fail(ErrorCode::kInvalidArgument,
                  "only requests and limits can be set");
    }
    Quantities& part = key == "limits" ? into.limits : into.requests;
    if (auto taken = Take(value, part); !taken) return taken;
  }
  return {};
}

}  // namespace claviger::op::inject
