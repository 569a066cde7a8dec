// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/local_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/bindings_document.h"
#include "access/explain.h"
#include "base/json.h"
#include "sidecar/api/connection_json.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kUserTokenHeader = "X-Claviger-User-Token";

Problem FromUserError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnauthenticated:
      return {"InvalidUserToken", error.message,
              "send a token that vault's user login accepts"};
    case ErrorCode::kUnsupported:
      return {"UserLoginUnsupported", error.message,
              "configure vault.userAuth.mount for the sidecar"};
    case ErrorCode::kTooLarge:
      return {"TooManyClaimGroups", error.message,
              "put fewer of the user's groups into claims of Groups"};
    case ErrorCode::kRateLimited:
      return {"RateLimited", error.message, "try again in a moment", {}, 1};
    default:
      return {"BackendUnavailable",
              "the user's login could not be made in vault now (" +
                  std::string(ToString(error.code)) + ")",
              "try again in a moment",
              {},
              1};
  }
}

// What a connection that cannot be is: exactly what an invisible one is.
Problem NotVisible() {
  return FromDecision(access::Decide(nullptr, {}, Time()));
}

size_t CountHeaders(const http::ServerRequest& request, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const http::Header& header) {
                      return http::FindHeader({header}, name).has_value();
                    }));
}

Problem NoPersonalForUsers() {
  return {"CapabilityMissing",
          "a user's login reads bindings only, so end users cannot store "
          "credentials through this sidecar yet",
          "store it as the pod itself, without X-Claviger-User-Token"};
}

}  // namespace

void LocalApi::Exchange::Send(http::ServerResponse response) const {
  metrics->CountRequest(call.route, response.status);
  responder->Send(std::move(response));
}

void LocalApi::Exchange::Refuse(const Problem& problem) const {
  Send(ToResponse(problem));
}

LocalApi::LocalApi(const Parts& parts)
    : parts_(parts),
      partitions_(parts.random),
      resolver_([this] { return PodView(); },
                [this] { return parts_.session.standing().unheard_since; },
                parts.clock, parts.cache, parts.personal),
      desk_(parts.clock) {}

void LocalApi::Handle(const Guard& guard, const http::ServerRequest& request,
                      std::shared_ptr<http::Responder> responder) {
  Exchange exchange{{}, std::move(responder), &parts_.metrics};
  if (auto problem = guard.Check(request)) return exchange.Refuse(*problem);
  if (auto problem = ParseCall(request, exchange.call)) {
    return exchange.Refuse(*problem);
  }
  Dispatch(request, exchange);
}

void LocalApi::Dispatch(const http::ServerRequest& request,
                        const Exchange& exchange) {
  const size_t user_tokens = CountHeaders(request, kUserTokenHeader);
  if (user_tokens > 1) {
    return exchange.Refuse({"InvalidRequest", "the call names two users",
                            "send one X-Claviger-User-Token"});
  }
  const bool as_user = user_tokens == 1;
  switch (exchange.call.route) {
    case Route::kPersonal:
      if (as_user) return exchange.Refuse(NoPersonalForUsers());
      return Personal(request, exchange);
    case Route::kHttp:
      if (!exchange.call.possible) return exchange.Refuse(NotVisible());
      return exchange.Refuse(
          // Those of the Unix socket never come here: they are the proxy's.
          {"CapabilityMissing",
           "requests are sent upstream by the Unix socket only",
           "use the socket, or a port of the connection's own"});
    case Route::kList:
      return WithView(request, exchange, [this, exchange](const View& view) {
        List(exchange, view);
      });
    case Route::kConnection:
      return WithView(request, exchange, [this, exchange](const View& view) {
        KnowingOwn(
            exchange, view,
            [this, exchange](const View& known, const PersonalState& own) {
              ShowConnection(exchange, known, own);
            });
      });
    case Route::kExplain:
      return WithView(request, exchange, [this, exchange](const View& view) {
        KnowingOwn(
            exchange, view,
            [this, exchange](const View& known, const PersonalState& own) {
              ShowExplanation(exchange, known, own);
            });
      });
    case Route::kCredential:
    case Route::kAws:
    case Route::kReportFailed:
    case Route::kTest:
      if (as_user) {
        return WithView(request, exchange, [this, exchange](const View& view) {
          RefuseUsersCredential(exchange, view);
        });
      }
      return DispatchCredential(request, exchange);
    case Route::kWatch:
      if (as_user) {
        return exchange.Refuse({"InvalidRequest",
                                "events are told to the pod, not to a user",
                                "leave X-Claviger-User-Token out"});
      }
      return Watch(exchange);
    case Route::kOther:
      break;
  }
}

void LocalApi::DispatchCredential(const http::ServerRequest& request,
                                  const Exchange& exchange) {
  switch (exchange.call.route) {
    case Route::kReportFailed:
      return ReportFailed(exchange);
    case Route::kTest:
      return Test(request, exchange);
    default:
      return GiveCredential(exchange);
  }
}

std::variant<ViewPtr, Problem> LocalApi::PodView() const {
  ViewPtr view = parts_.session.view();
  if (view != nullptr) return view;
  return NoBindings(parts_.session.standing().error);
}

void LocalApi::WithView(const http::ServerRequest& request,
                        const Exchange& exchange,
                        const std::function<void(const View&)>& then) {
  if (!exchange.call.possible && exchange.call.route != Route::kExplain) {
    return exchange.Refuse(NotVisible());
  }
  const auto token = http::FindHeader(request.headers, kUserTokenHeader);
  if (token) {
    return parts_.users.Get(*token, [exchange, then](Result<ViewPtr> view) {
      if (!view) return exchange.Refuse(FromUserError(view.error()));
      then(**view);
    });
  }
  const std::variant<ViewPtr, Problem> view = PodView();
  if (const auto* problem = std::get_if<Problem>(&view)) {
    return exchange.Refuse(*problem);
  }
  then(*std::get<ViewPtr>(view));
}

void LocalApi::List(const Exchange& exchange, const View& view) const {
  ordered_json body;
  body["caller"] = access::ToString(view.caller);
  body["generation"] = view.generation;
  ordered_json connections = ordered_json::array();
  for (const access::Binding& binding : view.bindings) {
    const Time now = parts_.clock.Now();
    // What is not known yet of own credentials is not fetched for a list.
    ordered_json one = ConnectionJson(view, binding, std::nullopt,
                                      parts_.personal.Look(view, binding, now),
                                      now, partitions_, true);
    if (one.is_null()) continue;
    AddListeners(parts_.listeners, binding.facts->ref, one);
    connections.push_back(std::move(one));
  }
  body["connections"] = std::move(connections);
  exchange.Send(JsonResponse(DumpJson(body)));
}

PersonalState LocalApi::LookForOwn(const Exchange& exchange,
                                   const View& view) const {
  const access::Binding* binding =
      access::FindBinding(view.bindings, exchange.call.connection);
  if (binding == nullptr) return {};
  return parts_.personal.Look(view, *binding, parts_.clock.Now());
}

void LocalApi::KnowingOwn(
    const Exchange& exchange, const View& view,
    const std::function<void(const View&, const PersonalState&)>& then) const {
  const PersonalState own = LookForOwn(exchange, view);
  if (!own.unknown) return then(view, own);
  // Only the pod's own view has anything unknown in it.
  const bool asked =
      parts_.cache.Fetch(*own.ref, [this, exchange, then](FetchOutcome) {
        const std::variant<ViewPtr, Problem> now = PodView();
        if (const auto* problem = std::get_if<Problem>(&now)) {
          return exchange.Refuse(*problem);
        }
        const ViewPtr& known = std::get<ViewPtr>(now);
        then(*known, LookForOwn(exchange, *known));
      });
  if (!asked) then(view, own);
}

void LocalApi::ShowConnection(const Exchange& exchange, const View& view,
                              const PersonalState& own) const {
  const access::Binding* binding =
      access::FindBinding(view.bindings, exchange.call.connection);
  ordered_json body;
  if (binding != nullptr) {
    body = ConnectionJson(view, *binding, exchange.call.slot, own,
                          parts_.clock.Now(), partitions_, false);
  }
  if (body.is_null()) return exchange.Refuse(NotVisible());
  AddListeners(parts_.listeners, exchange.call.connection, body);
  exchange.Send(JsonResponse(DumpJson(body)));
}

void LocalApi::ShowExplanation(const Exchange& exchange, const View& view,
                               const PersonalState& own) const {
  const Call& call = exchange.call;
  access::Question question;
  question.delivery = call.deliver;
  question.slot = call.slot;
  question.carrier = view.carrier;
  own.Tell(question);
  access::Explanation explanation = access::Explain(
      access::FindBinding(view.bindings, call.connection), view.caller,
      call.connection, question, parts_.clock.Now());
  // How one comes not to see a connection would tell that it is there.
  if (explanation.decision.reason == access::Reason::kNotVisible) {
    explanation.steps.clear();
  } else if (own.unsettled()) {
    explanation.steps.push_back(
        {"personal",
         "not known whether one is stored, for vault cannot be asked; until it "
         "can, only a slot that is asked for by name is served"});
  }
  exchange.Send(JsonResponse(DumpJson(access::ToJson(explanation))));
}

void LocalApi::Watch(const Exchange& exchange) const {
  const std::variant<ViewPtr, Problem> view = PodView();
  if (const auto* problem = std::get_if<Problem>(&view)) {
    return exchange.Refuse(*problem);
  }
  exchange.metrics->CountRequest(Route::kWatch, 200);
  parts_.watch.Add(exchange.responder->StartEvents(),
                   std::get<ViewPtr>(view)->generation);
}

}  // namespace claviger::sidecar
