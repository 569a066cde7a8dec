// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/names.h"
#include "kube/status.h"

namespace claviger::kube {
namespace {

using nlohmann::json;

constexpr int kMaxRestarts = 3;
// Five objects of the largest size fit; so does a usual page of 500.
constexpr size_t kMaxPageBytes = size_t{32} << 20U;
constexpr size_t kMaxAnswerBytes = size_t{4} << 20U;
constexpr std::string_view kMergePatch = "application/merge-patch+json";

bool IsPossible(const Resource& resource, std::string_view ns) {
  return resource.namespaced ? IsDnsLabel(ns) : ns.empty();
}

// "get grants sales/reports": how messages name a call.
std::string Doing(std::string_view verb, const Resource& resource,
                  std::string_view ns = "", std::string_view name = "") {
  std::string text = std::string(verb) + " " + std::string(resource.plural);
  if (!ns.empty()) text += " " + std::string(ns);
  if (!name.empty()) {
    text += ns.empty() ? " " : "/";
    text += name;
  }
  return text;
}

std::vector<std::string> PathOf(const Resource& resource, std::string_view ns) {
  std::vector<std::string> path;
  if (resource.group.empty()) {
    path = {"api", std::string(resource.version)};
  } else {
    path = {"apis", std::string(resource.group), std::string(resource.version)};
  }
  if (resource.namespaced && !ns.empty()) {
    path.insert(path.end(), {"namespaces", std::string(ns)});
  }
  path.emplace_back(resource.plural);
  return path;
}

tl::unexpected<Error> Impossible(std::string_view doing) {
  return Fail(ErrorCode::kInvalidArgument,
              std::string(doing) + ": no such name can exist");
}

std::string Accept(const Resource& resource, std::string_view kind) {
  if (!resource.metadata_only) return "application/json";
  return "application/json;as=" + std::string(kind) + ";g=meta.k8s.io;v=v1";
}

void Select(const Selection& selection, Request& request) {
  if (!selection.label_selector.empty()) {
    request.query.emplace_back("labelSelector", selection.label_selector);
  }
}

// One object: get, replace, patch, delete.
Result<Request> ForObject(std::string_view doing, const Resource& resource,
                          const ObjectName& name) {
  if (!IsPossible(resource, name.ns) || !IsDnsSubdomain(name.name)) {
    return Impossible(doing);
  }
  Request request;
  request.path = PathOf(resource, name.ns);
  request.path.push_back(name.name);
  request.max_response_bytes = kMaxAnswerBytes;
  return request;
}

// The number that a text begins with: "34+" is 34. 0 where there is none.
int LeadingNumber(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return 0;
  int number = 0;
  for (const char c : found->get_ref<const std::string&>()) {
    if (c < '0' || c > '9' || number > 9'999) break;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

Result<std::string> Client::Exchange(std::string_view doing,
                                     const Request& request) const {
  auto response = transport_.Send(request);
  if (!response) return Fail(std::move(response).error(), doing);
  if (Status judged = Judge(doing, *response); !judged) {
    return Fail(std::move(judged).error());
  }
  return std::move(response->body);
}

Result<Page> Client::ListPage(
    const Resource& resource, const PageRequest& page,
    const std::function<void(const ObjectView&)>& take) const {
  const std::string doing = Doing("list", resource, page.selection.ns);
  if (!page.selection.ns.empty() && !IsPossible(resource, page.selection.ns)) {
    return Impossible(doing);
  }
  for (int limit = page.limit;; limit = std::max(1, limit / 10)) {
    Request request;
    request.path = PathOf(resource, page.selection.ns);
    request.accept = Accept(resource, "PartialObjectMetadataList");
    request.deadline = settings_.list_deadline;
    request.max_response_bytes = kMaxPageBytes;
    Select(page.selection, request);
    request.query.emplace_back("limit", std::to_string(limit));
    if (!page.continue_token.empty()) {
      request.query.emplace_back("continue", page.continue_token);
    }
    auto response = transport_.Send(request);
    if (!response && response.error().code == ErrorCode::kTooLarge &&
        limit > 1) {
      continue;
    }
    if (!response) return Fail(std::move(response).error(), doing);
    if (IsExpired(response->status, {})) return Page{"", "", true};
    if (Status judged = Judge(doing, *response); !judged) {
      return Fail(std::move(judged).error());
    }
    return ReadList(resource, response->body, take);
  }
}

Result<std::string> Client::List(const Resource& resource,
                                 const Selection& selection,
                                 const ListSink& sink) const {
  for (int restarts = 0; restarts <= kMaxRestarts; ++restarts) {
    sink.restart();
    PageRequest request{selection, "", 500};
    while (true) {
      auto page = ListPage(resource, request, sink.take);
      if (!page) return Fail(std::move(page).error());
      if (page->expired) break;
      if (page->continue_token.empty()) {
        return std::move(page->resource_version);
      }
      request.continue_token = std::move(page->continue_token);
    }
  }
  return Fail(ErrorCode::kUnavailable,
              Doing("list", resource, selection.ns) +
                  ": grew too old before its end, several times");
}

Result<WatchEnd> Client::Watch(const Resource& resource,
                               const WatchRequest& watch,
                               const WatchDecoder::Take& take) const {
  const std::string doing = Doing("watch", resource, watch.selection.ns);
  if (!watch.selection.ns.empty() &&
      !IsPossible(resource, watch.selection.ns)) {
    return Impossible(doing);
  }
  Request request;
  request.path = PathOf(resource, watch.selection.ns);
  request.accept = Accept(resource, "PartialObjectMetadata");
  request.deadline = watch.silence;
  Select(watch.selection, request);
  request.query.insert(
      request.query.end(),
      {{"watch", "true"},
       {"allowWatchBookmarks", "true"},
       {"resourceVersion", watch.resource_version},
       {"timeoutSeconds", std::to_string(watch.timeout.count())}});
  WatchDecoder decoder(resource, take);
  auto response = transport_.Stream(
      request, [&](std::string_view piece) { return decoder.Feed(piece); });
  if (decoder.expired()) return WatchEnd::kExpired;
  if (auto error = decoder.Finish(); error && response) {
    return Fail(*std::move(error));
  }
  if (!response) return Fail(std::move(response).error(), doing);
  if (IsExpired(response->status, ReadApiStatus(response->body))) {
    return WatchEnd::kExpired;
  }
  if (Status judged = Judge(doing, *response); !judged) {
    return Fail(std::move(judged).error());
  }
  return WatchEnd::kClosed;
}

Result<std::string> Client::Get(const Resource& resource,
                                const ObjectName& name) const {
  const std::string doing = Doing("get", resource, name.ns, name.name);
  auto request = ForObject(doing, resource, name);
  if (!request) return Fail(std::move(request).error());
  request->deadline = settings_.deadline;
  request->accept = Accept(resource, "PartialObjectMetadata");
  return Exchange(doing, *request);
}

Result<ServerVersion> Client::Version() const {
  Request request;
  request.path = {"version"};
  request.deadline = settings_.deadline;
  request.max_response_bytes = kMaxAnswerBytes;
  const auto text = Exchange("read the API server's version", request);
  if (!text) return Fail(text.error());
  const auto parsed = ParseJson(*text);
  if (!parsed) return Fail(parsed.error(), "the API server's version");
  const ServerVersion version{LeadingNumber(*parsed, "major"),
                              LeadingNumber(*parsed, "minor")};
  if (version.major > 0) return version;
  return Fail(ErrorCode::kMalformed, "the API server's version has no number");
}

Result<std::string> Client::Create(const Resource& resource,
                                   std::string_view ns,
                                   std::string object) const {
  const std::string doing = Doing("create", resource, ns);
  if (!IsPossible(resource, ns)) return Impossible(doing);
  Request request;
  request.method = "POST";
  request.path = PathOf(resource, ns);
  request.body = std::move(object);
  request.deadline = settings_.deadline;
  request.max_response_bytes = kMaxAnswerBytes;
  return Exchange(doing, request);
}

Result<std::string> Client::Replace(const Resource& resource,
                                    const ObjectName& name,
                                    std::string object) const {
  const std::string doing = Doing("replace", resource, name.ns, name.name);
  auto request = ForObject(doing, resource, name);
  if (!request) return Fail(std::move(request).error());
  request->method = "PUT";
  request->body = std::move(object);
  request->deadline = settings_.deadline;
  return Exchange(doing, *request);
}

Result<std::string> Client::Patch(const Resource& resource,
                                  const ObjectName& name,
                                  std::string merge_patch,
                                  std::string_view subresource) const {
  const std::string doing = Doing("patch", resource, name.ns, name.name);
  auto request = ForObject(doing, resource, name);
  if (!request) return Fail(std::move(request).error());
  request->method = "PATCH";
  if (!subresource.empty()) request->path.emplace_back(subresource);
  request->body = std::move(merge_patch);
  request->content_type = kMergePatch;
  request->accept = Accept(resource, "PartialObjectMetadata");
  request->deadline = settings_.deadline;
  return Exchange(doing, *request);
}

Result<std::string> Client::PatchFinalizers(
    const Resource& resource, const ObjectName& name,
    const std::vector<std::string>& finalizers,
    std::string_view resource_version) const {
  const json patch{
      {"metadata",
       {{"finalizers", finalizers}, {"resourceVersion", resource_version}}}};
  return Patch(resource, name, DumpJson(patch));
}

Result<std::string> Client::PatchStatus(
    const Resource& resource, const ObjectName& name,
    std::string_view status_json, std::string_view resource_version) const {
  std::string patch = "{";
  if (!resource_version.empty()) {
    patch += R"("metadata":{"resourceVersion":)" +
             DumpJson(json(resource_version)) + "},";
  }
  patch.append(R"("status":)").append(status_json).append("}");
  return Patch(resource, name, std::move(patch), "status");
}

Status Client::Delete(const Resource& resource, const ObjectName& name,
                      std::string_view uid) const {
  const std::string doing = Doing("delete", resource, name.ns, name.name);
  auto request = ForObject(doing, resource, name);
  if (!request) return Fail(std::move(request).error());
  request->method = "DELETE";
  request->body = DumpJson(json{{"apiVersion", "v1"},
                                {"kind", "DeleteOptions"},
                                {"preconditions", {{"uid", uid}}}});
  request->deadline = settings_.deadline;
  auto done = Exchange(doing, *request);
  return done ? Status{} : Fail(std::move(done).error());
}

}  // namespace claviger::kube
