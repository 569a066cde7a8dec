// SPDX-License-Identifier: Apache-2.0
//
// The character rules of names that reach Kubernetes or Vault. Checked where
// manifests are read and again before a name becomes part of a Vault path:
// ASCII only, no glob, no slash, no template, nothing that folds to `root`.
// Pure.
#pragma once

#include <string_view>

namespace claviger {

/// RFC 1123 label, at most 63 characters: namespaces.
bool IsDnsLabel(std::string_view name);

/// RFC 1123 subdomain, at most 253 characters: names of objects.
bool IsDnsSubdomain(std::string_view name);

/// One segment of a Vault path, or a mount's, role's or key's part:
/// [A-Za-z0-9_][A-Za-z0-9_.-]*, at most 128, without "..", and not a spelling
/// of `root` with capitals.
bool IsVaultSegment(std::string_view segment);

/// Segments joined by single slashes, at most 512 characters in all: what
/// manifests and configuration may name.
bool IsVaultPath(std::string_view path);

/// The same of a path that is sent to Vault or put into a policy: our own
/// segments hold whole Kubernetes names and may be longer (512; 1,024 in all).
bool IsApiPath(std::string_view path);

/// The cluster's name: [a-z0-9-]{1,40}, no dash at either end.
bool IsClusterName(std::string_view name);

/// A user's name, or a claim's value, as identity tokens carry it: printable
/// ASCII without space at either end, quotes, backslash, braces, `*`, `+`, `%`
/// or ".."; 1 to 256 characters.
bool IsUserName(std::string_view name);

}  // namespace claviger
