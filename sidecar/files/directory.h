// SPDX-License-Identifier: Apache-2.0
//
// An open directory and what is done in it by names that hold no slash, so that
// nothing that stands in for a part of the way is ever followed. Results are
// Status with the names that were asked for, and no contents. Not synchronised;
// blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::sidecar::files {

/// Names of what is being made; a process that ends leaves them behind.
inline constexpr std::string_view kUnfinished = ".claviger-unfinished-";

class Directory {
 public:
  /// By its path, whose last part is not followed if it is a link.
  static Result<Directory> Open(const std::string& path);
  ~Directory();
  Directory(Directory&& other) noexcept;
  Directory& operator=(Directory&&) = delete;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  int fd() const { return fd_; }
  /// The uid of this process owns it, and nobody else may write to it.
  bool IsOwn() const;
  bool HasMode(unsigned bits) const;

  /// Opens a directory in this one, made where it is missing. Its mode is set,
  /// but for the bit that gives files the group of a volume (fsGroup).
  Result<Directory> Make(const std::string& name, unsigned mode) const;
  Result<Directory> OpenIn(const std::string& name) const;
  /// At most 10,000, in no order; neither "." nor "..".
  Result<std::vector<std::string>> Names() const;

  /// Puts the file there in one step.
  Status WriteFile(const std::string& name, std::string_view bytes,
                   unsigned mode) const;
  /// Puts the link there in one step.
  Status WriteLink(const std::string& name, const std::string& target) const;
  /// Absent: there is none of that name, or it is no link.
  std::optional<std::string> ReadLink(const std::string& name) const;

  /// Fine where there is nothing. Directories first lose their name, then what
  /// is in them.
  Status Remove(const std::string& name) const;
  /// Fine where it is not there, or not empty.
  void RemoveIfEmpty(const std::string& name) const;

 private:
  Directory(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  std::string PathOf(const std::string& name) const;
  Status RemoveTree(const std::string& name, int depth) const;

  int fd_;
  std::string path_;  // for messages
};

}  // namespace claviger::sidecar::files
