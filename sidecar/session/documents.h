// SPDX-License-Identifier: Apache-2.0
//
// Reads a principal's bindings document from Vault: all its parts, whole or
// not at all. Stateless; blocks as the Api does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "access/bindings_document.h"
#include "access/principal.h"
#include "base/result.h"
#include "base/secret.h"
#include "sidecar/settings.h"
#include "vault/api.h"

namespace claviger::sidecar {

/// A document and the KV versions of its parts. A principal without a document
/// has an empty one, and no versions.
struct LoadedDocument {
  std::vector<int64_t> versions;
  /// Of the whole document, as its writer computed it: versions begin again
  /// where an entry was removed and written anew.
  std::string digest;
  /// Of the first part's text.
  std::string first_hash;
  std::shared_ptr<const access::BindingsDocument> document;

  int64_t version_sum() const;
  bool SameAs(const LoadedDocument& other) const {
    return versions == other.versions && digest == other.digest;
  }
};

/// Reads the document; `previous`, if given, is returned again when nothing
/// has changed. The Api's errors; kMalformed for what is not a document of
/// this principal; kConflict when it was being replaced while it was read.
Result<LoadedDocument> LoadDocument(vault::Api& api, const Secret& token,
                                    const VaultNames& names,
                                    const access::Principal& principal,
                                    const LoadedDocument* previous);

}  // namespace claviger::sidecar
