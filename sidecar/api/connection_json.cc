// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/connection_json.h"

#include <nlohmann/json.hpp>

#include "access/decision.h"

namespace claviger::sidecar {
namespace {

using nlohmann::ordered_json;

ordered_json TlsJson(const model::Tls& tls) {
  ordered_json json;
  json["mode"] = tls.mode;
  if (!tls.ca_bundle.empty()) json["caBundle"] = tls.ca_bundle;
  if (!tls.server_name.empty()) json["serverName"] = tls.server_name;
  return json;
}

ordered_json DeliveryJson(const access::Decision& decision) {
  ordered_json json;
  json["allowed"] = decision.allowed();
  json["reason"] = access::ToString(decision.reason);
  if (decision.allowed()) return json;
  json["status"] = access::StatusOf(decision.reason);
  json["detail"] = decision.detail;
  json["fix"] = decision.fix;
  if (!decision.slots.empty()) json["slots"] = decision.slots;
  return json;
}

std::string_view PersonalWord(const PersonalState& own) {
  if (own.unsettled()) return "Unknown";
  if (own.enrolled) return "Stored";
  return own.endpoint_changed ? "EndpointChanged" : "None";
}

}  // namespace

ordered_json EndpointJson(const model::Endpoint& endpoint) {
  ordered_json json = ordered_json::object();
  if (!endpoint.url.empty()) json["url"] = endpoint.url;
  if (!endpoint.host.empty()) json["host"] = endpoint.host;
  if (endpoint.port) json["port"] = *endpoint.port;
  if (!endpoint.hosts.empty()) json["hosts"] = endpoint.hosts;
  if (!endpoint.database.empty()) json["database"] = endpoint.database;
  if (endpoint.insecure) json["insecure"] = true;
  if (!endpoint.methods.empty()) json["methods"] = endpoint.methods;
  if (!endpoint.path_prefixes.empty()) {
    json["pathPrefixes"] = endpoint.path_prefixes;
  }
  json["tls"] = TlsJson(endpoint.tls);
  if (!endpoint.parameters.empty()) json["parameters"] = endpoint.parameters;
  return json;
}

ordered_json TimeJson(const std::optional<Time>& time) {
  if (!time) return nullptr;
  return FormatRfc3339(*time);
}

ordered_json ConnectionJson(const View& view, const access::Binding& binding,
                            const std::optional<std::string>& slot,
                            const PersonalState& own, Time now,
                            const CachePartitions& partitions, bool brief) {
  access::Question question;
  question.carrier = view.carrier;
  question.slot = slot;
  own.Tell(question);
  const access::Decision inject = access::Decide(&binding, question, now);
  question.delivery = access::Delivery::kDisclose;
  const access::Decision disclose = access::Decide(&binding, question, now);
  if (inject.reason == access::Reason::kNotVisible) return nullptr;

  // The two differ in whether, never in which (P6).
  const access::Decision& chosen = inject.allowed() ? inject : disclose;
  const access::ConnectionFacts& facts = *binding.facts;
  ordered_json json;
  json["connection"] = model::ToString(facts.ref);
  json["provider"] = facts.provider;
  json["type"] = facts.credential_type;
  json["mode"] = model::ToString(facts.mode);
  json["sharing"] = model::ToString(facts.sharing);
  if (!brief) json["endpoint"] = EndpointJson(facts.endpoint);
  json["delivery"]["inject"] = DeliveryJson(inject);
  json["delivery"]["disclose"] = DeliveryJson(disclose);
  if (own.ref) json["personal"] = PersonalWord(own);
  // Where it is not known yet whether the caller has one, it may be that.
  const bool settled = !own.unsettled() || (slot && *slot != kPersonalSlot);
  const bool chose = chosen.allowed() && settled;
  json["slot"] = nullptr;
  if (chose) json["slot"] = chosen.slot;
  json["expiresAt"] = TimeJson(inject.valid_until);
  json["generation"] = view.generation;
  json["cachePartition"] = nullptr;
  if (chose) {
    const model::VaultRef& ref =
        chosen.vault != nullptr ? *chosen.vault : *own.ref;
    json["cachePartition"] =
        partitions.Of(facts, chosen.slot, ref, view.caller);
  }
  return json;
}

void AddListeners(const std::vector<proxy::OpenListener>& listeners,
                  const model::ObjectRef& connection, ordered_json& json) {
  ordered_json list = ordered_json::array();
  for (const proxy::OpenListener& listener : listeners) {
    if (listener.wish.connection != connection) continue;
    ordered_json one;
    one["protocol"] = providers::ToString(listener.wish.protocol);
    if (!listener.socket.empty()) one["socket"] = listener.socket;
    if (listener.wish.port) one["port"] = *listener.wish.port;
    list.push_back(std::move(one));
  }
  json["listeners"] = std::move(list);
}

}  // namespace claviger::sidecar
