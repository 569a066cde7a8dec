// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/documents.h"

#include <numeric>
#include <string>
#include <utility>

#include "access/bindings_entry.h"
#include "base/digest.h"
#include "vault/kv.h"

namespace claviger::sidecar {
namespace {

// As many parts as a document may have (bindings_document.h).
constexpr int kMaxParts = 64;

struct Part {
  int64_t version = 0;
  std::string hash;  // of the entry's text
  access::BindingsEntry entry;
};

class Reader {
 public:
  Reader(vault::Api& api, const Secret& token, const VaultNames& names,
         const access::Principal& principal)
      : api_(api), token_(token), names_(names), principal_(principal) {}

  Result<vault::KvSecret> ReadText(int part) const {
    return vault::ReadKv2(
        api_, token_, names_.mount,
        access::BindingsPathOf(names_.cluster, principal_, part));
  }

  Result<Part> Read(int part) const {
    const Result<vault::KvSecret> secret = ReadText(part);
    if (!secret) return Fail(secret.error());
    return DecodeText(*secret);
  }

  Result<Part> DecodeText(const vault::KvSecret& secret) const {
    Result<access::BindingsEntry> entry =
        access::DecodeEntry(secret.data.Reveal());
    if (!entry) return Fail(std::move(entry.error()), "bindings entry");
    if (entry->stamp.cluster != names_.cluster) {
      return Fail(ErrorCode::kMalformed, "bindings entry of another cluster");
    }
    return Part{secret.version, Sha256Hex(secret.data.Reveal()),
                std::move(*entry)};
  }

 private:
  vault::Api& api_;
  const Secret& token_;
  const VaultNames& names_;
  const access::Principal& principal_;
};

Result<std::vector<Part>> ReadParts(const Reader& reader, Part first) {
  std::vector<Part> parts;
  const int count = first.entry.ledger.parts;
  if (count < 1 || count > kMaxParts) {
    return Fail(ErrorCode::kMalformed, "bindings entry with too many parts");
  }
  parts.push_back(std::move(first));
  for (int i = 1; i < count; ++i) {
    Result<Part> part = reader.Read(i);
    // A part that is gone was replaced after the first one was read.
    if (!part && part.error().code == ErrorCode::kNotFound) {
      return Fail(ErrorCode::kConflict, "bindings changed while read");
    }
    if (!part) return Fail(std::move(part.error()));
    if (part->entry.ledger.document != parts[0].entry.ledger.document) {
      return Fail(ErrorCode::kConflict, "bindings changed while read");
    }
    parts.push_back(std::move(*part));
  }
  return parts;
}

LoadedDocument NoDocument(const access::Principal& principal) {
  access::BindingsDocument document;
  document.principal = access::IdOf(principal);
  LoadedDocument none;
  none.document =
      std::make_shared<access::BindingsDocument>(std::move(document));
  return none;
}

// The first part's ledger holds the digest of all parts: where its text is the
// same, so are they, and need not be read.
bool IsStill(const LoadedDocument& previous, const vault::KvSecret& first) {
  return !previous.versions.empty() && previous.versions[0] == first.version &&
         previous.first_hash == Sha256Hex(first.data.Reveal());
}

Result<LoadedDocument> Decode(std::vector<Part> parts,
                              const access::Principal& principal) {
  LoadedDocument loaded;
  loaded.digest = parts[0].entry.ledger.document;
  loaded.first_hash = parts[0].hash;
  for (const Part& part : parts) loaded.versions.push_back(part.version);

  std::vector<std::string> texts;
  for (Part& part : parts) texts.push_back(std::move(part.entry.part));
  Result<access::BindingsDocument> document = access::DecodeBindings(texts);
  if (!document) return Fail(std::move(document.error()), "bindings");
  if (document->principal != access::IdOf(principal)) {
    return Fail(ErrorCode::kMalformed, "bindings of another principal");
  }
  loaded.document =
      std::make_shared<access::BindingsDocument>(std::move(*document));
  return loaded;
}

}  // namespace

int64_t LoadedDocument::version_sum() const {
  return std::accumulate(versions.begin(), versions.end(), int64_t{0});
}

Result<LoadedDocument> LoadDocument(vault::Api& api, const Secret& token,
                                    const VaultNames& names,
                                    const access::Principal& principal,
                                    const LoadedDocument* previous) {
  const Reader reader(api, token, names, principal);
  const auto failed = [&](Error error) {
    return Fail(std::move(error),
                "read bindings of " + access::IdOf(principal));
  };
  const Result<vault::KvSecret> text = reader.ReadText(0);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return NoDocument(principal);
  }
  if (!text) return failed(text.error());
  if (previous != nullptr && IsStill(*previous, *text)) return *previous;
  Result<std::vector<Part>> parts = reader.DecodeText(*text).and_then(
      [&](Part first) { return ReadParts(reader, std::move(first)); });
  if (!parts) return failed(std::move(parts.error()));
  return Decode(std::move(*parts), principal);
}

}  // namespace claviger::sidecar
