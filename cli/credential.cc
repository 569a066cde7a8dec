// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/credential_fields.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"
#include "http/curl_client.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

constexpr JsonLimits kAnswerLimits{size_t{256} << 10U, 16, 10'000};

// What the sidecar answered.
struct Answer {
  int status = 0;
  json body;
};

class Sidecar {
 public:
  Sidecar(std::unique_ptr<http::Client> client, std::string socket,
          const model::ObjectRef& connection)
      : client_(std::move(client)),
        socket_(std::move(socket)),
        url_("http://claviger/v1/connections/" + connection.ns + "/" +
             connection.name) {}

  Result<Answer> Ask(http::Method method, const std::string& below,
                     std::vector<http::Header> headers = {},
                     const Secret& body = Secret()) const {
    http::ClientRequest request;
    request.method = method;
    request.url = url_ + below;
    request.headers = std::move(headers);
    request.body = body.Reveal();
    request.max_response_bytes = kAnswerLimits.max_bytes;
    request.repeatable = method == http::Method::kGet;
    Result<http::ClientResponse> response = client_->Send(request);
    WipeString(request.body);
    if (!response) {
      return Fail(std::move(response.error()), "ask the sidecar at " + socket_);
    }
    Result<json> tree = ParseJson(response->body, kAnswerLimits);
    if (!tree || !tree->is_object()) {
      return Fail(ErrorCode::kMalformed,
                  "what answers at " + socket_ + " is no sidecar");
    }
    return Answer{response->status, std::move(*tree)};
  }

 private:
  std::unique_ptr<http::Client> client_;
  std::string socket_;
  std::string url_;
};

Result<Sidecar> Reach(const CredentialOptions& options) {
  const Result<model::ObjectRef> connection =
      ReadConnectionRef(options.connection);
  if (!connection) return Fail(connection.error());
  http::CurlSettings settings;
  settings.unix_socket = options.socket;
  Result<std::unique_ptr<http::Client>> client = http::MakeCurlClient(settings);
  if (!client) return Fail(client.error());
  return Sidecar(std::move(*client), options.socket, *connection);
}

std::string TextIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

bool FlagIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// A refusal of the sidecar's; an outage is an error, the rest a "no".
int ReportRefusal(const Answer& answer, const CredentialOptions& options,
                  const Context& context) {
  if (options.json) {
    context.out << DumpJson(answer.body) << "\n";
  } else {
    context.err << "claviger: " << TextIn(answer.body, "reason") << ": "
                << TextIn(answer.body, "detail") << "\n";
    const std::string fix = TextIn(answer.body, "fix");
    if (!fix.empty()) context.err << "fix: " << fix << "\n";
  }
  return answer.status >= 500 ? kExitError : kExitNo;
}

int ReportState(const Answer& answer, const CredentialOptions& options,
                const Context& context) {
  const json& body = answer.body;
  const bool stored = FlagIn(body, "stored");
  if (options.json) {
    context.out << DumpJson(body) << "\n";
  } else if (!stored) {
    context.out << "nothing is stored for " << options.connection << "\n";
  } else {
    const auto version = body.find("version");
    PrintPairs({{"connection", TextIn(body, "connection")},
                {"type", TextIn(body, "type")},
                {"fingerprint", TextIn(body, "fingerprint")},
                {"stored at", TextIn(body, "storedAt")},
                {"version", version == body.end() ? "" : version->dump()},
                {"tag", TextIn(body, "tag")},
                {"counts", FlagIn(body, "counts")
                               ? "yes"
                               : "no: the connection is another one since "
                                 "(" +
                                     TextIn(body, "detail") + ")"}},
               "", context.out);
  }
  return stored && FlagIn(body, "counts") ? kExitYes : kExitNo;
}

void AddTag(const CredentialOptions& options,
            std::vector<http::Header>& headers) {
  if (options.tag.empty()) return;
  headers.emplace_back("If-Match", '"' + options.tag + '"');
}

int ReportFailure(const Error& error, Context& context) {
  return error.code == ErrorCode::kInvalidArgument
             ? ReportUsage(error, context)
             : ReportError(error, context);
}

}  // namespace

int RunCredentialSet(const CredentialSetOptions& options, Context& context) {
  const Result<Sidecar> sidecar = Reach(options.common);
  if (!sidecar) return ReportFailure(sidecar.error(), context);
  // Before anybody types a secret in vain.
  const Result<Answer> connection = sidecar->Ask(http::Method::kGet, "");
  if (!connection) return ReportError(connection.error(), context);
  if (connection->status != 200) {
    return ReportRefusal(*connection, options.common, context);
  }
  const Result<Secret> body = ReadCredentialFields(
      TextIn(connection->body, "type"), options.files, context);
  if (!body) return ReportFailure(body.error(), context);
  std::vector<http::Header> headers = {{"Content-Type", "application/json"}};
  if (options.first) headers.emplace_back("If-None-Match", "*");
  AddTag(options.common, headers);
  const Result<Answer> stored =
      sidecar->Ask(http::Method::kPut, "/personal", std::move(headers), *body);
  if (!stored) return ReportError(stored.error(), context);
  if (stored->status != 200) {
    return ReportRefusal(*stored, options.common, context);
  }
  return ReportState(*stored, options.common, context);
}

int RunCredentialShow(const CredentialOptions& options, Context& context) {
  const Result<Sidecar> sidecar = Reach(options);
  if (!sidecar) return ReportFailure(sidecar.error(), context);
  const Result<Answer> shown = sidecar->Ask(http::Method::kGet, "/personal");
  if (!shown) return ReportError(shown.error(), context);
  if (shown->status != 200) return ReportRefusal(*shown, options, context);
  return ReportState(*shown, options, context);
}

int RunCredentialRemove(const CredentialOptions& options, Context& context) {
  const Result<Sidecar> sidecar = Reach(options);
  if (!sidecar) return ReportFailure(sidecar.error(), context);
  std::vector<http::Header> headers;
  AddTag(options, headers);
  const Result<Answer> removed =
      sidecar->Ask(http::Method::kDelete, "/personal", std::move(headers));
  if (!removed) return ReportError(removed.error(), context);
  if (removed->status != 200) return ReportRefusal(*removed, options, context);
  if (options.json) {
    context.out << DumpJson(removed->body) << "\n";
  } else {
    context.out << "removed for " << options.connection << "\n";
  }
  return kExitYes;
}

}  // namespace claviger::cli
