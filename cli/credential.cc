// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"
#include "cli/commands.h"
#include "cli/credential_fields.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/sidecar_answer.h"
#include "cli/text.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

class Sidecar {
 public:
  Sidecar(std::string socket, model::ObjectRef connection)
      : socket_(std::move(socket)), connection_(std::move(connection)) {}

  Result<SidecarAnswer> Ask(const LocalRequest& asked) const {
    return AskSidecar(socket_, connection_, asked);
  }

 private:
  std::string socket_;
  model::ObjectRef connection_;
};

Result<Sidecar> Reach(const CredentialOptions& options) {
  Result<model::ObjectRef> connection = ReadConnectionRef(options.connection);
  if (!connection) return Fail(connection.error());
  return Sidecar(options.socket, *std::move(connection));
}

bool FlagIn(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// A refusal of the sidecar's; an outage is an error, the rest a "no".
int ReportRefusal(const SidecarAnswer& answer, const CredentialOptions& options,
                  const Context& context) {
  if (options.json) {
    context.out << DumpJson(answer.body) << "\n";
  } else {
    context.err << "claviger: " << TextAt(answer.body, "reason") << ": "
                << TextAt(answer.body, "detail") << "\n";
    const std::string fix = TextAt(answer.body, "fix");
    if (!fix.empty()) context.err << "fix: " << fix << "\n";
  }
  return answer.status >= 500 ? kExitError : kExitNo;
}

int ReportState(const SidecarAnswer& answer, const CredentialOptions& options,
                const Context& context) {
  const json& body = answer.body;
  const bool stored = FlagIn(body, "stored");
  if (options.json) {
    context.out << DumpJson(body) << "\n";
  } else if (!stored) {
    context.out << "nothing is stored for " << options.connection << "\n";
  } else {
    const auto version = body.find("version");
    PrintPairs({{"connection", TextAt(body, "connection")},
                {"type", TextAt(body, "type")},
                {"fingerprint", TextAt(body, "fingerprint")},
                {"stored at", TextAt(body, "storedAt")},
                {"version", version == body.end() ? "" : version->dump()},
                {"tag", TextAt(body, "tag")},
                {"counts", FlagIn(body, "counts")
                               ? "yes"
                               : "no: the connection is another one since "
                                 "(" +
                                     TextAt(body, "detail") + ")"}},
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
  const Result<SidecarAnswer> connection = sidecar->Ask({});
  if (!connection) return ReportError(connection.error(), context);
  if (connection->status != 200) {
    return ReportRefusal(*connection, options.common, context);
  }
  const Result<Secret> body = ReadCredentialFields(
      TextAt(connection->body, "type"), options.files, context);
  if (!body) return ReportFailure(body.error(), context);
  std::vector<http::Header> headers = {{"Content-Type", "application/json"}};
  if (options.first) headers.emplace_back("If-None-Match", "*");
  AddTag(options.common, headers);
  const Result<SidecarAnswer> stored = sidecar->Ask(
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
  const Result<SidecarAnswer> shown =
      sidecar->Ask({http::Method::kGet, "/personal"});
  if (!shown) return ReportError(shown.error(), context);
  if (shown->status != 200) return ReportRefusal(*shown, options, context);
  return ReportState(*shown, options, context);
}

int RunCredentialRemove(const CredentialOptions& options, Context& context) {
  const Result<Sidecar> sidecar = Reach(options);
  if (!sidecar) return ReportFailure(sidecar.error(), context);
  std::vector<http::Header> headers;
  AddTag(options, headers);
  const Result<SidecarAnswer> removed =
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
