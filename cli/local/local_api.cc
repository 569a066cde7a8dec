// SPDX-License-Identifier: Apache-2.0
#include "cli/local/local_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_member.h"
#include "http/curl_client.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{size_t{256} << 10U, 16, 10'000};
constexpr int kTooManyRequests = 429;

// "no" is what asking again does not change.
ErrorCode CodeOf(int status) {
  if (status >= 500 || status == kTooManyRequests) {
    return ErrorCode::kUnavailable;
  }
  return ErrorCode::kPermissionDenied;
}

Error ToError(const http::ClientResponse& response) {
  const Result<json> body = ParseJson(response.body, kLimits);
  Error error;
  error.code = CodeOf(response.status);
  error.message = "status " + std::to_string(response.status);
  if (!body || TextAt(*body, "reason").empty()) return error;
  error.message = TextAt(*body, "reason") + ": " + TextAt(*body, "detail");
  const std::string fix = TextAt(*body, "fix");
  if (!fix.empty()) error.message += "; " + fix;
  return error;
}

std::vector<std::pair<std::string, std::string>> PlacesOf(
    const json& endpoint) {
  std::vector<std::pair<std::string, std::string>> places;
  for (const char* name : {"host", "port", "hosts", "database", "url"}) {
    const json& value = MemberAt(endpoint, name);
    std::string text;
    if (value.is_string()) text = value.get<std::string>();
    if (value.is_number_integer()) text = std::to_string(value.get<int>());
    for (const json& one : value.is_array() ? value : json::array()) {
      if (!one.is_string()) continue;
      text += (text.empty() ? "" : ",") + one.get<std::string>();
    }
    if (!text.empty()) places.emplace_back(name, std::move(text));
  }
  return places;
}

Result<LocalCredential> ReadCredential(json& body) {
  LocalCredential credential;
  credential.type = TextAt(body, "type");
  const auto data = body.find("data");
  if (data == body.end() || !data->is_object()) {
    return Fail(ErrorCode::kMalformed, "the answer holds no credential");
  }
  for (auto& [name, value] : data->items()) {
    if (!value.is_string()) continue;
    credential.fields.emplace(name,
                              Secret(std::move(value.get_ref<std::string&>())));
  }
  const std::string ends = TextAt(body, "expiresAt");
  if (ends.empty()) return credential;
  const Result<Time> time = ParseRfc3339(ends);
  if (!time) return Fail(time.error());
  credential.expires_at = *time;
  return credential;
}

}  // namespace

std::string LocalConnection::Place(const std::string& name) const {
  const auto found =
      std::find_if(places.begin(), places.end(),
                   [&](const auto& place) { return place.first == name; });
  return found == places.end() ? "" : found->second;
}

LocalApi::LocalApi(std::unique_ptr<http::Client> client, std::string where)
    : client_(std::move(client)), where_(std::move(where)) {}

Result<LocalApi> LocalApi::At(const std::string& socket) {
  http::CurlSettings settings;
  settings.unix_socket = socket;
  Result<std::unique_ptr<http::Client>> client = http::MakeCurlClient(settings);
  if (!client) return Fail(client.error());
  return LocalApi(*std::move(client), socket);
}

Result<http::ClientResponse> LocalApi::Send(const model::ObjectRef& ref,
                                            const LocalRequest& asked) const {
  http::ClientRequest request;
  request.method = asked.method;
  request.url =
      "http://claviger/v1/connections/" + ref.ns + "/" + ref.name + asked.below;
  request.headers = asked.headers;
  request.body = asked.body.Reveal();
  request.deadline = asked.deadline;
  request.max_response_bytes = kLimits.max_bytes;
  request.repeatable = asked.method == http::Method::kGet;
  Result<http::ClientResponse> response = client_->Send(request);
  WipeString(request.body);
  if (response) return response;
  return Fail(ErrorCode::kUnavailable,
              "ask the sidecar at " + where_ + ": " + response.error().message);
}

Result<http::ClientResponse> LocalApi::Ask(const model::ObjectRef& ref,
                                           const LocalRequest& asked) const {
  Result<http::ClientResponse> response = Send(ref, asked);
  if (!response || response->status == 200) return response;
  return Fail(ToError(*response), ToString(ref));
}

Result<LocalConnection> LocalApi::Connection(
    const model::ObjectRef& ref) const {
  const auto response = Ask(ref, {});
  if (!response) return Fail(response.error());
  const Result<json> body = ParseJson(response->body, kLimits);
  if (!body) return Fail(body.error(), "what answers at " + where_);
  LocalConnection connection;
  connection.provider = TextAt(*body, "provider");
  connection.type = TextAt(*body, "type");
  connection.places = PlacesOf(MemberAt(*body, "endpoint"));
  return connection;
}

Result<LocalCredential> LocalApi::Credential(
    const model::ObjectRef& ref) const {
  auto response = Ask(ref, {http::Method::kGet, "/credential"});
  if (!response) return Fail(response.error());
  Result<json> body = ParseJson(response->body, kLimits);
  WipeString(response->body);
  if (!body) return Fail(body.error(), "what answers at " + where_);
  return ReadCredential(*body);
}

Status LocalApi::ReportFailed(const model::ObjectRef& ref) const {
  const auto response = Ask(ref, {http::Method::kPost, "/report-failed"});
  if (response || response.error().code == ErrorCode::kUnavailable) return {};
  return Fail(response.error());
}

}  // namespace claviger::cli
