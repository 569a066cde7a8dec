// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_desk.h"

#include <utility>

#include "operator/webhook/admission_review.h"
#include "operator/webhook/pod_review.h"

namespace claviger::op::webhook {
namespace {

http::ServerResponse Respond(int status, const char* type, std::string body) {
  http::ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = std::move(body);
  return response;
}

Injected ResultOf(const inject::Outcome& outcome) {
  if (!outcome.allowed) return Injected::kRefused;
  return outcome.patch.empty() ? Injected::kUnchanged : Injected::kPatched;
}

}  // namespace

PodDesk::PodDesk(inject::Settings settings,
                 std::function<std::shared_ptr<const View>()> view,
                 const Clock& clock, Logger& log, Counters& counters)
    : settings_(std::move(settings)),
      view_(std::move(view)),
      clock_(clock),
      log_(log),
      counters_(counters) {}

void PodDesk::Handle(const http::ServerRequest& request,
                     const std::shared_ptr<http::Responder>& responder) const {
  if (request.method != "POST") {
    return responder->Send(
        Respond(405, "text/plain", "reviews are sent by POST\n"));
  }
  auto review = ParsePodReview(request.body);
  if (!review) {
    counters_.CountInjection(Injected::kMalformed);
    log_.Warning("review of a pod not understood",
                 {{"error", review.error().message}});
    const bool large = review.error().code == ErrorCode::kTooLarge;
    return responder->Send(Respond(large ? 413 : 400, "text/plain",
                                   review.error().message + "\n"));
  }
  inject::Surroundings surroundings;
  surroundings.ns = review->ns;
  surroundings.native_sidecars = native_sidecars_;
  if (const auto view = view_()) {
    surroundings.variables_of = [this, view](const model::ObjectRef& connection,
                                             const model::ObjectRef& account) {
      return inject::VariablesOf(view->snapshot(), connection, account,
                                 clock_.Now());
    };
    surroundings.protocol_for = [this, view](const model::ObjectRef& connection,
                                             const model::ObjectRef& account) {
      return inject::ProtocolFor(view->snapshot(), connection, account,
                                 clock_.Now());
    };
    surroundings.file_refusal = [this, view](const providers::FileWish& wish,
                                             const model::ObjectRef& account) {
      return inject::FindFileRefusal(view->snapshot(), wish, account,
                                     clock_.Now());
    };
  }
  inject::Outcome outcome =
      inject::Inject(review->pod, settings_, surroundings);
  counters_.CountInjection(ResultOf(outcome));
  if (!outcome.allowed) {
    log_.Info("injection refused", {{"namespace", review->ns},
                                    {"pod", review->name},
                                    {"why", outcome.message}});
  }
  Answer answer;
  answer.allowed = outcome.allowed;
  answer.code = 403;
  answer.message = std::move(outcome.message);
  answer.patch = std::move(outcome.patch);
  responder->Send(
      Respond(200, "application/json", WriteAnswer(review->uid, answer)));
}

}  // namespace claviger::op::webhook
