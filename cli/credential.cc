// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/credential_fields.h"
#include "cli/exit_code.h"
#include "cli/local/local_api.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"

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
  Sidecar(LocalApi api, model::ObjectRef connection)
      : api_(std::move(api)), connection_(std::move(connection)) {}

  Result<Answer> Ask(const LocalRequest& asked) const {
    Result<http::ClientResponse> response = api_.Send(connection_, asked);
    if (!response) return Fail(response.error());
    Result<json> tree = ParseJson(response->body, kAnswerLimits);
    if (!tree || !tree->is_object()) {
      return Fail(ErrorCode::kMalformed,
                  "what answers at the socket is no sidecar");
    }
    return Answer{response->status, std::move(*tree)};
  }

 private:
  LocalApi api_;
  model::ObjectRef connection_;
};

Result<Sidecar> Reach(const CredentialOptions& options) {
  Result<model::ObjectRef> connection = ReadConnectionRef(options.connection);
  if (!connection) return Fail(connection.error());
  Result<LocalApi> api = LocalApi::At(options.socket);
  if (!api) return Fail(api.error());
  return Sidecar(*std::move(api), *std::move(connection));
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
  const Result<Answer> connection = sidecar->Ask({});
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
  const Result<Answer> stored = sidecar->Ask(
      {http::Method::kPut, "/personal", std::move(headers), body->Clone()});
  if (!stored) return ReportError(stored.error(), context);
  if (stored->status != 200) {
    return ReportRefusal(*stored, options.common, context);
  }
  return ReportState(*stored, options.common, context);
}

int RunCredentialShow(const CredentialOptions& options, Context& context) {
  const Result<Sidecar> sidecar = Reach(options);
  if (!sidecar) return ReportFailure(sidecar.error(), context);
  const Result<Answer> shown = sidecar->Ask({http::Method::kGet, "/personal"});
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
      sidecar->Ask({http::Method::kDelete, "/personal", std::move(headers)});
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
