// SPDX-License-Identifier: Apache-2.0
//
// The sidecar as a program beside it asks it: over its socket, with answers as
// values. A refusal is kPermissionDenied and says reason, detail and fix; an
// outage is kUnavailable, so that a caller tells "no" from "not now". Used by
// one thread; blocks for at most two seconds a call where nothing else is said.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "http/client.h"
#include "model/object.h"

namespace claviger::cli {

struct LocalCredential {
  std::string type;
  std::map<std::string, Secret> fields;  // by our names: "username"
  std::optional<Time> expires_at;
};

/// Where a connection is: what is not secret about it.
struct LocalConnection {
  std::string provider;
  std::string type;
  /// By name, as texts: host, port, hosts, database, url; what there is.
  std::vector<std::pair<std::string, std::string>> places;

  /// Empty: not given.
  std::string Place(const std::string& name) const;
};

/// What is asked about a connection.
struct LocalRequest {
  http::Method method = http::Method::kGet;
  std::string below;  // the path below the connection's: "/credential"
  std::vector<http::Header> headers = {};
  Secret body = Secret();
  std::chrono::milliseconds deadline{2'000};
};

class LocalApi {
 public:
  /// Whatever the client reaches is the sidecar; `where` names it in errors.
  LocalApi(std::unique_ptr<http::Client> client, std::string where);
  /// At the sidecar's socket.
  static Result<LocalApi> At(const std::string& socket);

  /// Whatever its status is: at most 256 KiB. kUnavailable: nobody answers.
  Result<http::ClientResponse> Send(const model::ObjectRef& ref,
                                    const LocalRequest& asked) const;

  Result<LocalConnection> Connection(const model::ObjectRef& ref) const;
  Result<LocalCredential> Credential(const model::ObjectRef& ref) const;
  /// The server refused it. That this was said a moment ago is no error.
  Status ReportFailed(const model::ObjectRef& ref) const;

 private:
  Result<http::ClientResponse> Ask(const model::ObjectRef& ref,
                                   const LocalRequest& asked) const;

  std::unique_ptr<http::Client> client_;
  std::string where_;
};

}  // namespace claviger::cli
