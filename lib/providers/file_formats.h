// SPDX-License-Identifier: Apache-2.0
//
// Which files a workload may ask for: the formats, which connections fit each,
// and how a wish is written ("sales/warehouse=pgpass"), the same in a pod's
// annotation and in a sidecar's configuration. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/object.h"

namespace claviger::providers {

enum class FileFormat {
  kEnv,
  kJson,
  kYaml,
  kDotenv,
  kPgpass,
  kMyCnf,
  kAws,
  kGcp,
  kNetrc,
  kJdbcProperties,
  kServiceBinding,
};

struct FileFormatInfo {
  FileFormat format;
  std::string_view id;    // "pgpass", as it is asked for
  std::string_view file;  // its name; empty: a directory of files
  /// Which connections fit; empty: all.
  std::vector<std::string_view> providers = {};
  std::vector<std::string_view> types = {};
  /// Its readers pass over a file that a group may read.
  bool owner_only = false;
};

/// In the order of the enumeration.
const std::vector<FileFormatInfo>& AllFileFormats();
const FileFormatInfo& InfoOf(FileFormat format);

struct FileWish {
  model::ObjectRef connection;
  FileFormat format = FileFormat::kEnv;
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const FileWish&) const = default;
};
std::string ToString(const FileWish& wish);  // "sales/warehouse=pgpass"

/// Each connection's directory is called "<namespace>.<name>", which must be a
/// name of the Service Binding specification.
inline constexpr size_t kMaxDirectoryName = 253;
std::string DirectoryOf(const model::ObjectRef& connection);

/// "sales/warehouse=pgpass, sales/lake=aws": sorted, each once, at most 64 and
/// 16 KiB. kInvalidArgument says what to write.
inline constexpr size_t kMaxFileWishes = 64;
Result<std::vector<FileWish>> ParseFileWishes(std::string_view text);
/// What ParseFileWishes reads, without spaces.
std::string ToString(std::span<const FileWish> wishes);

/// Why such a connection has no file of this format; none: it may have.
std::optional<std::string> FindFileFault(FileFormat format,
                                         std::string_view provider,
                                         std::string_view type);

/// Whom to tell of changed files: a path at a port of 127.0.0.1.
struct FileNotice {
  uint16_t port = 0;
  std::string path;  // "/reload"
};
/// "8080/reload"; kInvalidArgument otherwise.
Result<FileNotice> ParseFileNotice(std::string_view text);
std::string ToString(const FileNotice& notice);

/// "0400" (the sidecar's uid) or "0440" (its group too); kInvalidArgument.
Result<unsigned> ParseFileMode(std::string_view text);

/// How the variables of a connection begin: "sales-eu/dw.main" is
/// "CLAVIGER_SALES_EU__DW_MAIN_". Two underscores keep the namespace and the
/// name apart, which have none themselves.
std::string VariablePrefix(const model::ObjectRef& connection);

}  // namespace claviger::providers
