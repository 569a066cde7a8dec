// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/call.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/names.h"

namespace claviger::sidecar {
namespace {

// "grant/" and the longest name.
constexpr size_t kMaxSlotBytes = 300;

struct Rule {
  std::string_view suffix;  // behind /v1/connections/{ns}/{name}
  Route route;
  std::string_view methods;  // of an Allow header; empty: any
  std::string_view query;    // the keys it takes, each followed by a space
};
constexpr std::array<Rule, 8> kRules = {{
    {"", Route::kConnection, "GET", "slot "},
    {"credential", Route::kCredential, "GET", "slot "},
    {"aws", Route::kAws, "GET", ""},
    {"explain", Route::kExplain, "GET", "slot deliver "},
    {"report-failed", Route::kReportFailed, "POST", "slot "},
    {"test", Route::kTest, "POST", "slot "},
    {"personal", Route::kPersonal, "GET, PUT, DELETE", ""},
    {"http", Route::kHttp, "", ""},
}};
constexpr Rule kList = {"", Route::kList, "GET", ""};
constexpr Rule kWatch = {"", Route::kWatch, "GET", ""};

// Takes the text before the next slash off the front of `path`.
std::string_view TakeSegment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

const Rule* FindRule(std::string_view path, Call& call) {
  if (path == "/v1/connections") return &kList;
  if (path == "/v1/watch") return &kWatch;
  constexpr std::string_view kPrefix = "/v1/connections/";
  if (!path.starts_with(kPrefix)) return nullptr;
  path.remove_prefix(kPrefix.size());
  const size_t slashes =
      static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
  call.connection.ns = TakeSegment(path);
  call.connection.name = TakeSegment(path);
  // "…/{ns}", "…/{ns}/" and "…/{ns}/{name}/" are no routes.
  if (call.connection.name.empty() || (slashes > 1 && path.empty())) {
    return nullptr;
  }
  call.possible =
      IsDnsLabel(call.connection.ns) && IsDnsSubdomain(call.connection.name);
  const std::string_view suffix = TakeSegment(path);
  for (const Rule& rule : kRules) {
    if (rule.suffix != suffix) continue;
    // Only the proxy has anything below it.
    if (slashes > 2 && rule.route != Route::kHttp) return nullptr;
    return &rule;
  }
  return nullptr;
}

bool HasMethod(const Rule& rule, std::string_view method) {
  if (rule.methods.empty()) return true;
  std::string_view rest = rule.methods;
  while (!rest.empty()) {
    const size_t comma = rest.find(", ");
    if (rest.substr(0, comma) == method) return true;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size()
                                                       : comma + 2);
  }
  return false;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

bool IsSlotName(std::string_view slot) {
  if (slot == "personal" || slot == "default") return true;
  constexpr std::string_view kGrant = "grant/";
  return slot.starts_with(kGrant) && slot.size() <= kMaxSlotBytes &&
         IsDnsSubdomain(slot.substr(kGrant.size()));
}

Problem Invalid(std::string detail, std::string fix) {
  return {"InvalidRequest", std::move(detail), std::move(fix)};
}

std::optional<Problem> ParseParameter(std::string_view pair, const Rule& rule,
                                      Call& call) {
  const size_t equals = pair.find('=');
  const std::string key(pair.substr(0, equals));
  const bool known = !key.empty() && key.find(' ') == std::string::npos &&
                     rule.query.find(key + " ") != std::string_view::npos &&
                     (key == "slot" || key == "deliver");
  if (!known || equals == std::string_view::npos) {
    return Invalid("the query has a parameter that this route does not know",
                   "see docs/reference/local-api.md");
  }
  const std::optional<std::string> value =
      PercentDecode(pair.substr(equals + 1));
  if (key == "slot") {
    if (!value || !IsSlotName(*value) || call.slot) {
      return Invalid("slot is not one slot's name",
                     "use personal, default or grant/<name>");
    }
    call.slot = *value;
  } else if (value == "disclose") {
    call.deliver = access::Delivery::kDisclose;
  } else if (value != "inject") {
    return Invalid("deliver is neither inject nor disclose",
                   "use deliver=inject or deliver=disclose");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Problem> ParseCall(const http::ServerRequest& request,
                                 Call& call) {
  const Rule* rule = FindRule(http::PathOf(request), call);
  if (rule == nullptr) {
    return Problem{"UnknownRoute", "the local API has no such route",
                   "see docs/reference/local-api.md"};
  }
  call.route = rule->route;
  call.method = request.method;
  if (!HasMethod(*rule, request.method)) {
    Problem problem{"MethodNotAllowed", "this route is for other methods",
                    "use " + std::string(rule->methods)};
    problem.allow = rule->methods;
    return problem;
  }
  std::string_view query = http::QueryOf(request);
  if (rule->route == Route::kHttp) query = {};
  while (!query.empty()) {
    const size_t ampersand = query.find('&');
    if (auto problem =
            ParseParameter(query.substr(0, ampersand), *rule, call)) {
      return problem;
    }
    query.remove_prefix(ampersand == std::string_view::npos ? query.size()
                                                            : ampersand + 1);
  }
  return std::nullopt;
}

}  // namespace claviger::sidecar
