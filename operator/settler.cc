// SPDX-License-Identifier: Apache-2.0
#include "operator/settler.h"

#include <utility>

#include "operator/role_extras.h"
#include "vault/role_compare.h"

namespace claviger::op {

using Owner = Observed::Owner;

/// One principal in one attempt.
struct Settler::Job {
  const Desired& desired;
  Memory& memory;
  VaultNames names;
  Observed seen;

  // What goes into the entry: digests of what is kept come from Vault.
  access::EntryLedger Ledger() const {
    access::EntryLedger ledger = desired.ledger;
    if (!desired.policy) ledger.policy = seen.ledger.policy;
    if (desired.keep_role) {
      ledger.role = seen.ledger.role;
      ledger.auth_mount = seen.ledger.auth_mount;
    }
    return ledger;
  }
  bool MovesRole() const {
    return !desired.keep_role && seen.owner == Owner::kUs &&
           seen.ledger.auth_mount != desired.ledger.auth_mount;
  }
  bool KeepsSomething() const { return !desired.policy || desired.keep_role; }
};

namespace {

Conflict Foreign(const VaultNames& names, const std::string& what) {
  return {names.id, what + " exists and was not written by this operator",
          "remove it, or give that name up; the operator adopts nothing"};
}

}  // namespace

Settler::Settler(Store& store, const access::VaultLayout& layout,
                 std::vector<Change>& changes)
    : store_(store),
      stamp_{"claviger", layout.cluster, 1},
      cluster_(layout.cluster),
      changes_(changes) {}

void Settler::Note(Action action, Kind kind, const std::string& name,
                   bool drift) {
  changes_.push_back({action, kind, name, drift});
}

Settler::Outcome Settler::FindConflict(const Job& job) const {
  const VaultNames& names = job.names;
  const Observed& seen = job.seen;
  const bool mangled = seen.owner == Owner::kUnstamped && !job.memory.ours;
  if (seen.owner == Owner::kForeign || mangled) {
    return Foreign(names, "entry " + names.entry);
  }
  if (seen.owner == Owner::kUs) {
    if (job.MovesRole() && seen.role) {
      return Foreign(names, "role " + names.rights + " in auth mount " +
                                job.desired.ledger.auth_mount);
    }
    return std::nullopt;
  }
  if (job.KeepsSomething()) {
    return Conflict{names.id,
                    "entry " + names.entry +
                        " was removed while a deletion waits to be confirmed",
                    "confirm or undo the deletion"};
  }
  if (job.memory.ours) return std::nullopt;
  if (job.desired.only_if_there) {
    return Conflict{names.id,
                    "the everyone policy that its login would carry is not "
                    "this operator's",
                    "settle that conflict first"};
  }
  if (seen.policy) return Foreign(names, "policy " + names.rights);
  if (seen.role) return Foreign(names, "role " + names.rights);
  return std::nullopt;
}

Result<Settled> Settler::Settle(const Desired& desired, Memory& memory,
                                Known known) {
  constexpr int kAttempts = 2;
  known.rights = std::exchange(memory.rights, {});
  Status done;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    VaultNames names(cluster_, desired.id);
    Result<Observed> seen = Observe(store_, stamp_, names, desired, known);
    if (!seen) return Fail(std::move(seen).error());
    Job job{desired, memory, std::move(names), *std::move(seen)};
    Outcome conflict = FindConflict(job);
    if (conflict) return Settled{std::move(conflict), false};
    done = job.seen.owner == Owner::kUs ? Update(job) : Create(job);
    if (done) {
      memory.auth_mount = job.Ledger().auth_mount;
      if (!job.seen.put_off) memory.rights = RightsOf(desired);
      return Settled{std::nullopt, job.seen.put_off};
    }
    // Somebody wrote between our read and our write, or what was known is not
    // so any more: read all of it.
    if (done.error().code != ErrorCode::kConflict) break;
    known = Known();
  }
  return Fail(std::move(done).error());
}

Status Settler::Create(Job& job) {
  return PutEntry(job, job.Ledger())
      .and_then([&] {
        job.memory.ours = true;
        return PutParts(job);
      })
      .and_then([&] { return PutPolicy(job); })
      .and_then([&] { return PutRole(job); });
}

Status Settler::Update(Job& job) {
  job.memory.ours = true;
  return MoveRole(job)
      .and_then([&] { return PutPolicy(job); })
      .and_then([&] { return PutRole(job); })
      .and_then([&] { return PutParts(job); })
      .and_then([&] { return DropSurplusParts(job); })
      .and_then([&] { return PutEntry(job, job.Ledger()); });
}

// The configuration names another auth mount: the old role must go, or it
// would give access for ever. The entry says where the role is going to be
// before it is there, so that a crash leaves nothing that nobody owns.
Status Settler::MoveRole(Job& job) {
  if (!job.MovesRole()) return {};
  const std::string& old_mount = job.seen.ledger.auth_mount;
  if (!old_mount.empty()) {
    Status deleted = store_.DeleteRole({old_mount, job.names.rights});
    if (!deleted) return deleted;
    Note(Action::kDelete, Kind::kRole, job.names.rights);
  }
  access::EntryLedger ledger = job.seen.ledger;
  ledger.auth_mount = job.desired.ledger.auth_mount;
  ledger.role = job.desired.ledger.role;
  return PutLedger(job, std::move(ledger));
}

// The entry as it is, with another ledger: what is going to be.
Status Settler::PutLedger(Job& job, access::EntryLedger ledger) {
  const Result<access::BindingsEntry> entry =
      access::DecodeEntry(job.seen.entry.data);
  if (!entry) return Fail(entry.error());
  Result<std::string> data = EntryText(stamp_, ledger, entry->part);
  if (!data) return Fail(std::move(data).error());
  const Result<int64_t> version =
      store_.WriteEntry(job.names.entry, *data, job.seen.entry.version);
  if (!version) return Fail(version.error());
  Note(Action::kUpdate, Kind::kBindings, job.names.entry);
  job.seen.entry = {*std::move(data), *version};
  job.seen.ledger = std::move(ledger);
  return {};
}

Status Settler::PutPolicy(Job& job) {
  const std::optional<std::string>& wanted = job.desired.policy;
  if (!wanted || job.seen.policy == wanted) return {};
  Status written = store_.WritePolicy(job.names.rights, *wanted);
  if (!written) return written;
  const bool drift = job.seen.owner == Owner::kUs &&
                     job.seen.ledger.policy == job.desired.ledger.policy;
  Note(job.seen.policy ? Action::kUpdate : Action::kCreate, Kind::kPolicy,
       job.names.rights, drift);
  return {};
}

Status Settler::PutRole(Job& job) {
  const std::optional<DesiredRole>& wanted = job.desired.role;
  if (!wanted) return {};
  if (job.seen.role) {
    const std::string extras = RoleExtras(wanted->text, *job.seen.role);
    if (!extras.empty() && extras != job.memory.tolerated) {
      return ReplaceRole(job);
    }
    if (vault::RoleMatches(wanted->text, *job.seen.role)) return {};
  }
  Status written =
      store_.WriteRole({wanted->mount, job.names.rights}, wanted->text);
  if (!written) return written;
  const bool drift = job.seen.owner == Owner::kUs && job.seen.role &&
                     job.seen.ledger.role == job.desired.ledger.role;
  Note(job.seen.role ? Action::kUpdate : Action::kCreate, Kind::kRole,
       job.names.rights, drift);
  return {};
}

// A field that is not ours goes only with the role. If it is back at once, it
// is the server's own, and is left alone from then on.
Status Settler::ReplaceRole(Job& job) {
  const DesiredRole& wanted = *job.desired.role;
  const RoleName name{wanted.mount, job.names.rights};
  Status done = store_.DeleteRole(name);
  if (done) done = store_.WriteRole(name, wanted.text);
  if (!done) return done;
  Note(Action::kUpdate, Kind::kRole, name.name, true);
  const Result<std::string> now = store_.ReadRole(name);
  if (!now) return Fail(now.error());
  job.memory.tolerated = RoleExtras(wanted.text, *now);
  return {};
}

Status Settler::PutParts(Job& job) {
  if (job.seen.owner == Owner::kUs &&
      job.seen.ledger.parts < job.desired.ledger.parts) {
    // Or parts would be left that nobody knows of, were this cut off.
    access::EntryLedger ledger = job.seen.ledger;
    ledger.parts = job.desired.ledger.parts;
    Status announced = PutLedger(job, std::move(ledger));
    if (!announced) return announced;
  }
  for (int part = 1; part < job.desired.ledger.parts; ++part) {
    Status written = PutPart(job, part);
    if (!written) return written;
  }
  return {};
}

Status Settler::PutPart(Job& job, int part) {
  // The rights' digests are in the first entry only: a window that opens must
  // not rewrite every part.
  access::EntryLedger ledger;
  ledger.document = job.desired.ledger.document;
  ledger.parts = job.desired.ledger.parts;
  const auto index = static_cast<size_t>(part);
  const Result<std::string> data =
      EntryText(stamp_, ledger, job.desired.parts[index]);
  if (!data) return Fail(data.error());
  ObservedEntry seen;
  if (index <= job.seen.more_parts.size()) {
    seen = job.seen.more_parts[index - 1];
  }
  if (seen.data == *data) return {};
  const std::string path = job.names.Part(part);
  Result<int64_t> version = store_.WriteEntry(path, *data, seen.version);
  if (!version && version.error().code == ErrorCode::kConflict) {
    // Left behind by a pass that was cut off, or deleted but not removed: the
    // entry above it is ours, and so is what is below.
    Status removed = store_.RemoveEntry(path);
    if (!removed) return removed;
    version = store_.WriteEntry(path, *data, 0);
  }
  if (!version) return Fail(version.error());
  Note(seen.version == 0 ? Action::kCreate : Action::kUpdate, Kind::kBindings,
       path);
  return {};
}

Status Settler::PutEntry(Job& job, const access::EntryLedger& ledger) {
  Result<std::string> data =
      EntryText(stamp_, ledger, job.desired.parts.front());
  if (!data) return Fail(std::move(data).error());
  ObservedEntry& seen = job.seen.entry;
  if (seen.data == *data) return {};
  Result<int64_t> version =
      store_.WriteEntry(job.names.entry, *data, seen.version);
  const bool restores = job.memory.ours && seen.version == 0;
  if (!version && restores && version.error().code == ErrorCode::kConflict) {
    // Deleted by hand, but its versions are still there.
    Status removed = store_.RemoveEntry(job.names.entry);
    if (!removed) return removed;
    version = store_.WriteEntry(job.names.entry, *data, 0);
  }
  if (!version) return Fail(version.error());
  const bool same_wish =
      job.seen.owner == Owner::kUs && job.seen.ledger == ledger;
  Note(seen.version == 0 ? Action::kCreate : Action::kUpdate, Kind::kBindings,
       job.names.entry, same_wish || restores);
  seen = {*std::move(data), *version};
  return {};
}

// Before the first entry says that there are fewer: cut off behind that, they
// would be nobody's. Readers find the digests at odds meanwhile.
Status Settler::DropSurplusParts(Job& job) {
  const auto kept = static_cast<size_t>(job.desired.ledger.parts);
  for (size_t part = job.seen.more_parts.size(); part >= kept; --part) {
    if (job.seen.more_parts[part - 1].version == 0) continue;
    const std::string path = job.names.Part(static_cast<int>(part));
    Status removed = store_.RemoveEntry(path);
    if (!removed) return removed;
    Note(Action::kDelete, Kind::kBindings, path);
  }
  return {};
}

Result<Settler::Outcome> Settler::Remove(const std::string& id,
                                         Memory& memory) {
  const VaultNames names(cluster_, id);
  Result<Observed> seen = ObserveOwner(store_, stamp_, names);
  if (!seen) return Fail(std::move(seen).error());
  const bool ours = seen->owner == Owner::kUs;
  if (!ours && (seen->owner == Owner::kForeign || !memory.ours)) {
    if (seen->owner == Owner::kNobody) return Outcome();
    return Outcome(Foreign(names, "entry " + names.entry));
  }
  Status done =
      RemoveAll(names, ours ? seen->ledger.auth_mount : memory.auth_mount,
                ours ? seen->ledger.parts : 1);
  if (!done) return Fail(std::move(done).error());
  memory = Memory();
  return Outcome();
}

Status Settler::RemoveAll(const VaultNames& names,
                          const std::string& auth_mount, int parts) {
  Status done;
  if (!auth_mount.empty()) {
    done = store_.DeleteRole({auth_mount, names.rights});
    if (!done) return done;
    Note(Action::kDelete, Kind::kRole, names.rights);
  }
  done = store_.DeletePolicy(names.rights);
  if (!done) return done;
  Note(Action::kDelete, Kind::kPolicy, names.rights);
  for (int part = parts - 1; part >= 0; --part) {
    done = store_.RemoveEntry(names.Part(part));
    if (!done) return done;
    Note(Action::kDelete, Kind::kBindings, names.Part(part));
  }
  return {};
}

}  // namespace claviger::op
