// SPDX-License-Identifier: Apache-2.0
//
// Typed calls on the API server: statuses become errors of the closed set, and
// objects come out as text, one by one. Nothing is repeated here: what to do
// about a failure, and after which Retry-After, is the caller's matter. As
// thread-safe as its Transport; calls block up to their deadline.
//
// Errors of all calls, beside the Transport's: kInvalidArgument (400, 422, or a
// name that cannot exist), kUnauthenticated, kPermissionDenied, kUnsupported
// (this kind is not served, as before its definition is installed),
// kRateLimited, kUnavailable, kDeadlineExceeded (a write may have happened),
// kMalformed, kRedirected.
#pragma once

#include <chrono>
#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "kube/transport.h"
#include "kube/watch_decoder.h"

namespace claviger::kube {

/// Which objects of a collection, in all calls that take several.
struct Selection {
  std::string ns;              // empty: of all namespaces
  std::string label_selector;  // "claviger.io/inject=true"
};

struct PageRequest {
  Selection selection;
  std::string continue_token;  // of the page before
  int limit = 500;
};

/// What takes a whole list, page by page.
struct ListSink {
  /// All that was taken so far is void: the list began anew. Before the first
  /// page too.
  std::function<void()> restart;
  std::function<void(const ObjectView&)> take;
};

struct WatchRequest {
  Selection selection;
  std::string resource_version;
  /// After this long the server ends the stream by itself.
  std::chrono::seconds timeout{300};
  /// Longest silence; bookmarks come about once a minute, events any time.
  std::chrono::milliseconds silence{45'000};
};

/// The API server's version; managed ones write "29+".
struct ServerVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ServerVersion&) const = default;
};

/// How a watch ended without failing.
enum class WatchEnd {
  kClosed,   // by the server, or by `take`: go on from the last version
  kExpired,  // the version is too old: only a new list helps
};

class Client {
 public:
  struct Settings {
    std::chrono::milliseconds deadline{10'000};
    std::chrono::milliseconds list_deadline{30'000};
  };

  /// `transport` must outlive the client.
  explicit Client(Transport& transport) : transport_(transport) {}
  Client(Transport& transport, const Settings& settings)
      : transport_(transport), settings_(settings) {}

  /// One page. Too large a page is asked for again in smaller ones.
  Result<Page> ListPage(
      const Resource& resource, const PageRequest& request,
      const std::function<void(const ObjectView&)>& take) const;

  /// All pages; begins anew when the list grows too old on the way (410), at
  /// most three times (then kUnavailable). The version to watch from.
  Result<std::string> List(const Resource& resource, const Selection& selection,
                           const ListSink& sink) const;

  /// Blocks while the stream lasts. ERROR events are the errors they stand for.
  Result<WatchEnd> Watch(const Resource& resource, const WatchRequest& request,
                         const WatchDecoder::Take& take) const;

  /// The object's text. kNotFound.
  Result<std::string> Get(const Resource& resource,
                          const ObjectName& name) const;

  /// `json`: the whole object; its namespace is `ns`. The text as stored.
  /// kConflict when the name is taken.
  Result<std::string> Create(const Resource& resource, std::string_view ns,
                             std::string json) const;

  /// Replaces the object; its resourceVersion, where `json` has one, must be
  /// the stored one (kConflict). kNotFound.
  Result<std::string> Replace(const Resource& resource, const ObjectName& name,
                              std::string json) const;

  /// JSON merge patch (RFC 7396) of the object, or of its "status". kNotFound,
  /// kConflict (a resourceVersion in the patch is not the stored one).
  Result<std::string> Patch(const Resource& resource, const ObjectName& name,
                            std::string merge_patch,
                            std::string_view subresource = "") const;

  /// Sets the whole list of finalizers, if the object is still at
  /// `resource_version` (kConflict): others may have theirs in the same list.
  Result<std::string> PatchFinalizers(
      const Resource& resource, const ObjectName& name,
      const std::vector<std::string>& finalizers,
      std::string_view resource_version) const;

  /// Merges `status_json`, an object, into the status subresource;
  /// `resource_version` may be empty: whatever is stored.
  Result<std::string> PatchStatus(const Resource& resource,
                                  const ObjectName& name,
                                  std::string_view status_json,
                                  std::string_view resource_version = "") const;

  Result<ServerVersion> Version() const;

  /// Deletes exactly the object with this uid: kConflict for another of the
  /// same name, kNotFound.
  Status Delete(const Resource& resource, const ObjectName& name,
                std::string_view uid) const;

 private:
  Result<std::string> Exchange(std::string_view doing,
                               const Request& request) const;

  Transport& transport_;
  Settings settings_;
};

}  // namespace claviger::kube
