// SPDX-License-Identifier: Apache-2.0
#include "operator/process/cluster_mode.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/json.h"
#include "kube/informer.h"
#include "kube/lease_lock.h"
#include "nlohmann/json.hpp"
#include "operator/fence.h"
#include "operator/kube/cluster_metrics.h"
#include "operator/kube/held_back.h"
#include "operator/kube/informer_sinks.h"
#include "operator/kube/kube_source.h"
#include "operator/kube/leader_store.h"
#include "operator/kube/revocations_map.h"
#include "operator/kube/selection.h"
#include "operator/kube/status_writer.h"
#include "operator/kube/uninjected_pods.h"
#include "operator/loop.h"
#include "operator/process/injection.h"
#include "operator/process/manifest_mode.h"
#include "operator/process/push_channel.h"
#include "operator/vault_store.h"
#include "operator/webhook/server.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kInjectLabel = "claviger.io/inject=true";

// The lease's calls must end well before the lease does.
constexpr kube::Client::Settings kLeaseCalls = {milliseconds(5'000),
                                                milliseconds(5'000)};

// Waits for objects, for leadership or for the end: whatever comes first
// wakes it.
constexpr milliseconds kLook{2'000};

/// Everything that every replica runs, and the leader's work on top of it.
class ClusterRun {
 public:
  ClusterRun(const Parts& parts, const ClusterPorts& ports);
  ~ClusterRun();
  ClusterRun(const ClusterRun&) = delete;
  ClusterRun& operator=(const ClusterRun&) = delete;

  Status Run();

 private:
  void ListAnew();
  void StartThreads();
  void KeepLease();
  bool GiveUp();
  void WriteStatuses();
  Status StartWebhook();
  void PublishSnapshots();
  // This replica is ready once it knows the objects, leader or not: its webhook
  // must serve from a start without Vault on.
  void Stand() { parts_.health.Stands(objects_.synced()); }
  // Not after a loss, until what was begun before it has ended.
  bool Leads() const { return !lost_ && lock_.Leads(parts_.clock.SteadyNow()); }
  void AwaitLeadership();
  void AddPages();
  Status TakeOver(Fence& fence, KubeSource& source);
  Status Lead();
  Status ReconcileFenced(VaultSession& session, KubeSource& source);
  void Reconcile(PushChannel::Term& term, const Fence& fence,
                 KubeSource& source);
  Result<std::string> ClusterUid() const;

  const Parts& parts_;
  const ClusterPorts& ports_;
  const ReconcilerSettings settings_;
  const kube::Client client_;
  const kube::Client lease_client_;
  StopSignal snapshot_signal_;
  StopSignal status_signal_;
  ObjectStore objects_;
  UninjectedPods uninjected_;
  ObjectSink connection_sink_;
  ObjectSink grant_sink_;
  ObjectSink group_sink_;
  PodSink pod_sink_;
  AccountSink account_sink_;
  kube::Informer connections_;
  kube::Informer grants_;
  kube::Informer groups_;
  kube::Informer pods_;
  kube::Informer accounts_;
  kube::LeaseLock lock_;
  StatusWriter statuses_;
  StopSignal lease_signal_;
  std::atomic<bool> lost_{false};   // AwaitLeadership takes note of it
  std::atomic<bool> taken_{false};  // somebody else leads instead
  ClusterMetrics cluster_metrics_;
  webhook::Counters webhook_counters_;
  std::unique_ptr<webhook::Webhook> webhook_;  // null where switched off
  std::unique_ptr<PushChannel> push_;          // likewise
  std::vector<std::thread> threads_;
};

// Where a webhook stamps what is saved, nothing unstamped gives anything.
ReconcilerSettings SettingsOf(const Config& config) {
  ReconcilerSettings settings = ReconcilerSettingsOf(config);
  settings.snapshot.require_stamps = config.webhook.enabled;
  settings.writers = kWriters;
  return settings;
}

kube::InformerSettings AllOf() { return {}; }

kube::InformerSettings LabelledPods() {
  kube::InformerSettings settings;
  settings.selection.label_selector = kInjectLabel;
  return settings;
}

ClusterRun::ClusterRun(const Parts& parts, const ClusterPorts& ports)
    : parts_(parts),
      ports_(ports),
      settings_(SettingsOf(parts.config)),
      client_(ports.objects),
      lease_client_(ports.lease, kLeaseCalls),
      objects_(
          [this] {
            parts_.stop.Wake();
            snapshot_signal_.Wake();
          },
          [this] { ListAnew(); }),
      uninjected_(
          {.configuration = parts.config.webhook.configuration,
           .instance = ports.instance},
          client_, parts.clock, parts.log, [this] { return Leads(); },
          [this] { status_signal_.Wake(); }),
      connection_sink_(ObjectKind::kConnection, objects_, parts.log),
      grant_sink_(ObjectKind::kGrant, objects_, parts.log),
      group_sink_(ObjectKind::kGroup, objects_, parts.log),
      pod_sink_(objects_, uninjected_, parts.log),
      account_sink_(objects_),
      connections_({client_, parts.clock, parts.random, parts.log},
                   kube::kConnections, AllOf(), connection_sink_),
      grants_({client_, parts.clock, parts.random, parts.log}, kube::kGrants,
              AllOf(), grant_sink_),
      groups_({client_, parts.clock, parts.random, parts.log}, kube::kGroups,
              AllOf(), group_sink_),
      pods_({client_, parts.clock, parts.random, parts.log}, kube::kPods,
            LabelledPods(), pod_sink_),
      accounts_({client_, parts.clock, parts.random, parts.log},
                kube::kServiceAccounts, AllOf(), account_sink_),
      lock_(lease_client_,
            {.lease = {parts.config.own_namespace, parts.config.lease},
             .identity = ports.instance},
            parts.random),
      statuses_({.with_users = !parts.config.layout.user_auth_mount.empty(),
                 .cluster = parts.config.layout.cluster,
                 .instance = ports.instance,
                 .look_again = [this] { objects_.LookAgain(); }},
                client_, objects_, parts.clock, parts.random, parts.log,
                [this] { return Leads(); }),
      cluster_metrics_(
          {{"connections", [this] { return connections_.stats(); }},
           {"grants", [this] { return grants_.stats(); }},
           {"groups", [this] { return groups_.stats(); }},
           {"pods", [this] { return pods_.stats(); }},
           {"serviceaccounts", [this] { return accounts_.stats(); }}},
          parts.clock, [this] { return Leads(); },
          [this] { return uninjected_.counts(); }) {}

// Streams end with their transport; everybody else looks at a signal.
ClusterRun::~ClusterRun() {
  for (kube::Informer* one :
       {&connections_, &grants_, &groups_, &pods_, &accounts_}) {
    one->Stop();
  }
  ports_.objects.Close();
  snapshot_signal_.Stop();
  status_signal_.Stop();
  lease_signal_.Stop();
  for (std::thread& thread : threads_) thread.join();
  (void)lock_.Release({parts_.clock.SteadyNow(), parts_.clock.Now()});
  ports_.lease.Close();
  parts_.health.Add(nullptr, nullptr);
}

void ClusterRun::ListAnew() {
  parts_.log.Warning("objects are missing that nobody was seen to delete");
  for (kube::Informer* one : {&connections_, &grants_, &groups_}) {
    one->ListSoon();
  }
}

void ClusterRun::StartThreads() {
  for (kube::Informer* one :
       {&connections_, &grants_, &groups_, &pods_, &accounts_}) {
    threads_.emplace_back([one] { one->Run(); });
  }
  threads_.emplace_back([this] { KeepLease(); });
  threads_.emplace_back([this] { WriteStatuses(); });
  if (webhook_ != nullptr) {
    threads_.emplace_back([this] { PublishSnapshots(); });
  }
}

Status ClusterRun::StartWebhook() {
  const Config& config = parts_.config;
  if (!config.webhook.enabled) {
    parts_.log.Warning(
        "the webhook is off: whoever may write objects may write any");
    return {};
  }
  webhook::WebhookOptions options;
  Result<inject::Settings> injection = InjectionOf(config);
  if (!injection) return Fail(injection.error(), "prepare injection");
  options.injection = *std::move(injection);
  options.settings = {config.admins, settings_.snapshot,
                      "system:serviceaccount:" + config.own_namespace + ":" +
                          config.service_account};
  options.address = config.webhook.listener.address;
  options.port = config.webhook.listener.port;
  const std::string host = config.webhook.service + "." + config.own_namespace;
  options.certificates.dns_names = {host + ".svc", host + ".svc.cluster.local"};
  for (const std::string& name : config.webhook.names) {
    options.certificates.dns_names.push_back(name);
  }
  options.certificates.validating = config.webhook.configuration;
  options.certificates.mutating = config.webhook.configuration;
  options.certificates.cert_file = config.webhook.cert_file;
  options.certificates.key_file = config.webhook.key_file;
  auto started = webhook::StartWebhook(
      options,
      {client_, parts_.clock, parts_.random, parts_.log, webhook_counters_});
  if (!started) return Fail(started.error(), "start the webhook");
  webhook_ = *std::move(started);
  parts_.log.Info("webhook listening", {{"port", webhook_->port()}});
  auto push = PushChannel::Start(
      {config, client_, *webhook_, parts_.clock, parts_.random, parts_.log},
      ports_.pod_address);
  if (!push) return Fail(push.error(), "start telling of changes");
  push_ = *std::move(push);
  return {};
}

void ClusterRun::AddPages() {
  parts_.health.Add([this] { return webhook_ == nullptr || webhook_->Ready(); },
                    [this] {
                      std::string text = cluster_metrics_.Serialize();
                      if (webhook_ != nullptr)
                        text += webhook_counters_.Serialize();
                      return text;
                    });
}

// A walk over all objects each time: never more than a fifth of a core of it.
void ClusterRun::PublishSnapshots() {
  constexpr int kShare = 5;
  milliseconds pause{0};
  uint64_t published = 0;
  while (snapshot_signal_.SleepFor(pause)) {
    if (!objects_.synced() || objects_.generation() == published) {
      pause = milliseconds(0);
      if (!snapshot_signal_.WaitFor(kLook)) return;
      continue;
    }
    const SteadyTime began = parts_.clock.SteadyNow();
    published = objects_.generation();
    webhook_->Publish(std::make_shared<const access::Snapshot>(
        Everything(objects_), settings_.snapshot));
    pause = (parts_.clock.SteadyNow() - began) * (kShare - 1);
  }
}

void ClusterRun::KeepLease() {
  bool led = false;
  std::string trouble;
  while (!lease_signal_.stopped()) {
    Stand();
    const kube::LeaseLock::Outcome outcome =
        lock_.Step({parts_.clock.SteadyNow(), parts_.clock.Now()});
    if (outcome.error && outcome.error->message != trouble) {
      parts_.log.Warning("lease not renewed",
                         {{"error", outcome.error->message}});
    }
    trouble = outcome.error ? outcome.error->message : "";
    if (outcome.leads && !led) {
      parts_.log.Info("leading", {{"identity", ports_.instance}});
      parts_.stop.Wake();
    }
    if (led && !outcome.leads && !GiveUp()) return;
    led = outcome.leads;
    lease_signal_.WaitFor(outcome.wait);
  }
}

// False where this process is to end: somebody else leads. With an API server
// that is merely away it stands by, once nothing of its term goes on.
bool ClusterRun::GiveUp() {
  lost_ = true;
  const std::string holder = lock_.holder();
  taken_ = !holder.empty() && holder != ports_.instance;
  parts_.log.Warning("leadership lost", {{"holder", holder}});
  if (taken_) {
    parts_.stop.Stop();
    return false;
  }
  parts_.stop.Wake();
  while (lost_ && lease_signal_.WaitFor(kLook)) {
  }
  return true;
}

void ClusterRun::WriteStatuses() {
  milliseconds wait{0};
  while (status_signal_.WaitFor(wait)) {
    wait = std::min(statuses_.Turn(), uninjected_.Turn());
  }
}

void ClusterRun::AwaitLeadership() {
  do {
    if (lost_.exchange(false)) {
      statuses_.Forget();
      lease_signal_.Wake();
    }
    Stand();
    if (Leads()) return;
  } while (parts_.stop.WaitFor(kLook));
}

Result<std::string> ClusterRun::ClusterUid() const {
  if (!parts_.config.cluster_uid.empty()) return parts_.config.cluster_uid;
  const Result<std::string> text =
      client_.Get(kube::kNamespaces, {"", "kube-system"});
  if (!text) return Fail(text.error());
  const Result<nlohmann::json> object = ParseJson(*text);
  if (!object) return Fail(object.error());
  return object->value("/metadata/uid"_json_pointer, std::string());
}

// Revokes the predecessor's token before anything is read for a write.
Status ClusterRun::TakeOver(Fence& fence, KubeSource& source) {
  if (!Leads()) return Fail(ErrorCode::kUnavailable, "take over: not leading");
  Status done = fence.TakeOver();
  while (!done) {
    if (done.error().code == ErrorCode::kInvalidArgument) return done;
    parts_.log.Warning("predecessor not fenced yet",
                       {{"error", done.error().message}});
    source.WithoutVault(done.error());
    if (!parts_.stop.SleepFor(kLook) || !Leads()) return done;
    done = fence.TakeOver();
  }
  return {};
}

Status ClusterRun::Lead() {
  Result<std::string> uid = ClusterUid();
  while (!uid) {
    parts_.log.Warning("identity of the cluster not read yet",
                       {{"error", uid.error().message}});
    if (!parts_.stop.SleepFor(kLook) || !Leads()) return {};
    uid = ClusterUid();
  }
  const auto leads = [this] { return Leads(); };
  Finalizers finalizers(client_, objects_, leads);
  RevocationsMap pending(
      client_,
      {parts_.config.own_namespace, parts_.config.lease + "-revocations"},
      leads);
  Departures departures({client_, objects_, pending, parts_.clock, parts_.log},
                        parts_.config.namespace_deletion_wait);
  KubeSource source(objects_, finalizers, departures, parts_.log);
  VaultSession session(parts_.api, LoginSettingsOf(parts_.config), parts_.clock,
                       parts_.random, parts_.log);
  VaultStore claiming(parts_.api, session, parts_.config.layout.mount);
  LeaderStore claim(claiming, leads);
  // First of all: another cluster's leader is not ours to fence off.
  const Result<bool> claimed =
      ClaimName(parts_, *uid, claim,
                [&source](const Error& why) { source.WithoutVault(why); });
  if (!claimed) return Fail(claimed.error());
  Status done;
  if (*claimed) done = ReconcileFenced(session, source);
  if (!lost_) session.Close();
  return done;
}

Status ClusterRun::ReconcileFenced(VaultSession& session, KubeSource& source) {
  const access::VaultLayout& layout = parts_.config.layout;
  Fence fence(parts_.api, session, layout.mount, layout.cluster);
  Status fenced = TakeOver(fence, source);
  if (!fenced) return parts_.stop.stopped() || !Leads() ? Status() : fenced;
  VaultStore vault(parts_.api, fence, layout.mount);
  LeaderStore store(vault, [this] { return Leads(); });
  PushChannel::Term term(push_.get(), store);
  Reconcile(term, fence, source);
  if (!Leads()) return {};
  if (!fence.leads()) {
    // We have the lease: Vault was restored to before our login. Once more,
    // from the beginning.
    parts_.log.Warning("the ledger in vault names another leader");
    parts_.stop.SleepFor(kLook);
    return {};
  }
  const Status left = fence.StepDown();
  if (!left) {
    parts_.log.Warning("leadership not given back in vault",
                       {{"error", left.error().message}});
  }
  return {};
}

void ClusterRun::Reconcile(PushChannel::Term& term, const Fence& fence,
                           KubeSource& source) {
  const Config& config = parts_.config;
  ReconcilerSettings settings = settings_;
  settings.known_epoch = DecodeEpoch(lock_.Noted(kEpochNote));
  Reconciler reconciler(settings, term.store());
  Loop loop(
      source, reconciler, parts_.clock, parts_.random, parts_.log,
      {.poll = kLook, .source_wakes = true, .drift_round = config.drift_round},
      [&](const PassReport& report, milliseconds took) {
        source.After(report);
        parts_.metrics.Count(report, took, parts_.clock.Now());
        lock_.Note(kEpochNote, std::to_string(report.epoch));
        lock_.Note(kHeldBackNote, EncodeHeldBack(report));
        // Put off for an edit, whose own pass tells of it.
        if (report.unfinished && report.judged.whole) return;
        statuses_.Offer({report, source.blocked(), parts_.clock.Now()});
        status_signal_.Wake();
      });
  parts_.log.Info("reconciling", {{"source", "kubernetes"}});
  do {
    Stand();
    term.Keep();
  } while (parts_.stop.WaitFor(loop.Turn()) && Leads() && fence.leads());
}

Status ClusterRun::Run() {
  if (Status done = StartWebhook(); !done) return done;
  AddPages();
  StartThreads();
  while (!parts_.stop.stopped()) {
    AwaitLeadership();
    if (!Leads()) continue;
    if (Status done = Lead(); !done) return done;
  }
  if (!taken_) return {};
  return Fail(ErrorCode::kUnavailable,
              "lead: another replica has the lease; the process ends so that "
              "nothing of it writes any more");
}

}  // namespace

Status RunOnCluster(const Parts& parts, const ClusterPorts& ports) {
  return ClusterRun(parts, ports).Run();
}

}  // namespace claviger::op
