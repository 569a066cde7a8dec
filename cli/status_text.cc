// SPDX-License-Identifier: Apache-2.0
#include "cli/status_text.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/text.h"

namespace claviger::cli {
namespace {

// So many objects that are not ready, and a hint at the rest: a person reads
// the first.
constexpr size_t kScreen = 20;

struct Count {
  int all = 0;
  int ready = 0;
};

Count CountKind(const StatusReport& report, std::string_view kind) {
  Count count;
  for (const ObjectLine& line : report.objects) {
    if (line.kind != kind) continue;
    ++count.all;
    if (line.ready.value_or(false)) ++count.ready;
  }
  return count;
}

bool Leads(const StatusReport& report, Time now) {
  return report.lease && !report.lease->holder.empty() &&
         report.lease->renewed &&
         now - *report.lease->renewed <= report.lease->duration;
}

std::string Leader(const StatusReport& report, Time now) {
  if (!report.lease) return "none has ever led here";
  if (report.lease->holder.empty()) return "none: the last one gave up";
  std::string text = report.lease->holder;
  if (!report.lease->renewed) return text;
  const auto age = std::chrono::floor<std::chrono::seconds>(
      std::max(now - *report.lease->renewed, Time::duration::zero()));
  text += Leads(report, now) ? " leads, seen " : " has not been seen for ";
  return text + std::to_string(age.count()) +
         (Leads(report, now) ? " s ago" : " s");
}

std::string Name(const kube::ObjectName& name) {
  return name.ns.empty() ? name.name : name.ns + "/" + name.name;
}

std::string_view State(const ObjectLine& line) {
  if (!line.ready) return "pending";
  return *line.ready ? "ready" : "not ready";
}

// Messages are the operator's own, but through an object that others can write.
std::string Shown(const std::string& text) {
  constexpr size_t kLongest = 200;
  std::string shown = text.substr(0, kLongest);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7E; },
      '?');
  return shown;
}

std::string Pods(const LabelledPods& pods) {
  if (!pods.known) return "not known: you may not list pods";
  return std::to_string(pods.asked) + " asked for the sidecar, " +
         std::to_string(pods.without.size()) + " without it";
}

// "sales/rates (http, 3 pods), ..."
std::string Listeners(const LabelledPods& pods, bool all) {
  constexpr size_t kShown = 5;
  std::string text;
  size_t shown = 0;
  for (const auto& [wish, count] : pods.listeners) {
    if (!all && shown == kShown) {
      return text + " and " + std::to_string(pods.listeners.size() - shown) +
             " more (--all)";
    }
    if (shown++ > 0) text += ", ";
    text.append(ToString(wish.connection)).append(" (");
    text.append(ToString(wish.protocol)).append(", ");
    text.append(std::to_string(count)).append(count == 1 ? " pod)" : " pods)");
  }
  return text;
}

bool PodsAreWell(const LabelledPods& pods) {
  return std::none_of(
      pods.without.begin(), pods.without.end(),
      [](const PodLine& line) { return op::inject::IsMistake(line.why); });
}

// Of each reason the names on one line, and below what to do about it.
void PrintPods(const LabelledPods& pods, bool all, std::ostream& out) {
  constexpr size_t kShown = 5;
  std::map<op::inject::WithoutSidecar, std::vector<std::string>> names;
  for (const PodLine& line : pods.without) {
    names[line.why].push_back(Name(line.name));
  }
  for (const auto& [why, list] : names) {
    const size_t shown = all ? list.size() : std::min(list.size(), kShown);
    out << "\n" << ReasonOf(why) << ": ";
    for (size_t i = 0; i < shown; ++i) out << (i > 0 ? ", " : "") << list[i];
    if (shown < list.size()) {
      out << " and " << list.size() - shown << " more (--all)";
    }
    out << "\n  " << AdviceOn(why) << "\n";
  }
}

std::string WhatIsGone(const op::HeldBack& held) {
  std::string text = std::to_string(held.brake.gone) + " of " +
                     std::to_string(held.brake.known) + " objects";
  if (held.brake.ns == "_cluster") {
    text += " (Groups)";
  } else if (held.brake.ns != "_all") {
    text += " of " + Shown(held.brake.ns);
  }
  text += " gone, though nobody saw them deleted";
  const auto& examples = held.brake.examples;
  for (size_t i = 0; i < examples.size(); ++i) {
    text += (i == 0 ? ": " : ", ") + Shown(examples[i]);
  }
  return text + (examples.size() < held.brake.gone ? ", ..." : "");
}

std::string_view WhatHolds(const op::HeldBack& held) {
  return held.frozen
             ? "so many at once that nothing changes there"
             : "they give nothing, and what they held back is held back still";
}

std::string AdviceOn(const op::HeldBack& held) {
  return "put them back, or confirm with safety.confirmMassDelete: " +
         Shown(held.brake.confirmation);
}

void PrintHeldBack(const std::vector<op::HeldBack>& all, std::ostream& out) {
  for (const op::HeldBack& one : all) {
    out << "\n"
        << WhatIsGone(one) << "\n  " << WhatHolds(one) << "\n  "
        << AdviceOn(one) << "\n";
  }
}

nlohmann::ordered_json ToJson(const op::HeldBack& held) {
  return {{"namespace", held.brake.ns},
          {"gone", held.brake.gone},
          {"known", held.brake.known},
          {"frozen", held.frozen},
          {"examples", held.brake.examples},
          {"message", WhatHolds(held)},
          {"fix", AdviceOn(held)}};
}

}  // namespace

void PrintStatus(const StatusReport& report, Time now, bool all, bool colour,
                 std::ostream& out) {
  const bool leads = Leads(report, now);
  std::vector<std::pair<std::string, std::string>> summary = {
      {"operator:", Painted(Leader(report, now),
                            leads ? Colour::kGreen : Colour::kRed, colour)}};
  for (const auto& [kind, title] :
       {std::pair("Connection", "connections:"), std::pair("Grant", "grants:"),
        std::pair("Group", "groups:")}) {
    const Count count = CountKind(report, kind);
    const std::string text = std::to_string(count.all) + ", " +
                             std::to_string(count.ready) + " ready";
    summary.emplace_back(
        title,
        Painted(text,
                count.all == count.ready ? Colour::kGreen : Colour::kYellow,
                colour));
  }
  summary.emplace_back(
      "pods:",
      Painted(Pods(report.pods),
              report.pods.known && PodsAreWell(report.pods) ? Colour::kGreen
                                                            : Colour::kYellow,
              colour));
  if (!report.pods.listeners.empty()) {
    summary.emplace_back("listeners:", Listeners(report.pods, all));
  }
  PrintPairs(summary, "", out);
  std::vector<std::vector<std::string>> rows;
  for (const ObjectLine& line : report.objects) {
    if (line.ready.value_or(false) && !all) continue;
    rows.push_back({line.kind, Name(line.name), line.about,
                    std::string(State(line)), Shown(line.reason),
                    Shown(line.message)});
  }
  const size_t more = all || rows.size() <= kScreen ? 0 : rows.size() - kScreen;
  rows.resize(rows.size() - more);
  if (!rows.empty()) {
    out << "\n";
    PrintTable({"KIND", "NAME", "WHAT", "STATE", "REASON", "MESSAGE"}, rows,
               out);
  }
  if (more > 0) out << "and " << more << " more (--all)\n";
  PrintPods(report.pods, all, out);
  PrintHeldBack(report.held_back, out);
}

nlohmann::ordered_json StatusJson(const StatusReport& report, Time now) {
  using nlohmann::ordered_json;
  ordered_json out;
  out["operator"]["leads"] = Leads(report, now);
  if (report.lease) {
    out["operator"]["holder"] = report.lease->holder;
    if (report.lease->renewed) {
      out["operator"]["renewed"] = FormatRfc3339(*report.lease->renewed);
    }
  }
  for (const auto& [kind, key] :
       {std::pair("Connection", "connections"), std::pair("Grant", "grants"),
        std::pair("Group", "groups")}) {
    const Count count = CountKind(report, kind);
    out["counts"][key] = {{"all", count.all}, {"ready", count.ready}};
  }
  out["pods"] = nullptr;
  if (report.pods.known) {
    out["pods"] = {{"asked", report.pods.asked},
                   {"without", ordered_json::array()},
                   {"listeners", ordered_json::array()}};
  }
  for (const auto& [wish, count] : report.pods.listeners) {
    out["pods"]["listeners"].push_back(
        ordered_json{{"connection", ToString(wish.connection)},
                     {"protocol", ToString(wish.protocol)},
                     {"pods", count}});
  }
  for (const PodLine& line : report.pods.without) {
    out["pods"]["without"].push_back(
        ordered_json{{"namespace", line.name.ns},
                     {"name", line.name.name},
                     {"reason", ReasonOf(line.why)},
                     {"message", AdviceOn(line.why)}});
  }
  out["missing"] = ordered_json::array();
  for (const op::HeldBack& one : report.held_back) {
    out["missing"].push_back(ToJson(one));
  }
  out["objects"] = ordered_json::array();
  for (const ObjectLine& line : report.objects) {
    ordered_json one{{"kind", line.kind},      {"namespace", line.name.ns},
                     {"name", line.name.name}, {"about", line.about},
                     {"ready", nullptr},       {"reason", line.reason},
                     {"message", line.message}};
    if (line.ready) one["ready"] = *line.ready;
    out["objects"].push_back(std::move(one));
  }
  return out;
}

bool AllWell(const StatusReport& report, Time now) {
  return Leads(report, now) && PodsAreWell(report.pods) &&
         report.held_back.empty() &&
         std::all_of(
             report.objects.begin(), report.objects.end(),
             [](const ObjectLine& line) { return line.ready.value_or(false); });
}

}  // namespace claviger::cli
