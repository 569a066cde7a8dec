// SPDX-License-Identifier: Apache-2.0
#include "sidecar/files/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <system_error>
#include <utility>

namespace claviger::sidecar::files {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr size_t kMaxNames = 10'000;
constexpr int kMaxDepth = 4;

tl::unexpected<Error> FromErrno(int number, const std::string& doing) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (number == ENOENT) code = ErrorCode::kNotFound;
  if (number == EACCES || number == EPERM) code = ErrorCode::kPermissionDenied;
  if (number == ELOOP || number == ENOTDIR) code = ErrorCode::kInvalidArgument;
  return Fail(code, doing + ": " + std::generic_category().message(number));
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(errno, "write " + path);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace

Result<Directory> Directory::Open(const std::string& path) {
  const int fd = open(path.c_str(), kDirectoryFlags);
  if (fd < 0) return FromErrno(errno, "open directory " + path);
  return Directory(fd, path);
}

Directory::~Directory() {
  if (fd_ >= 0) close(fd_);
}

Directory::Directory(Directory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

std::string Directory::PathOf(const std::string& name) const {
  return path_ + "/" + name;
}

bool Directory::IsOwn() const {
  struct stat info {};
  return fstat(fd_, &info) == 0 && info.st_uid == geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool Directory::HasMode(unsigned bits) const {
  struct stat info {};
  return fstat(fd_, &info) == 0 && (info.st_mode & bits) == bits;
}

Result<Directory> Directory::OpenIn(const std::string& name) const {
  const int fd = openat(fd_, name.c_str(), kDirectoryFlags);
  if (fd < 0) return FromErrno(errno, "open directory " + PathOf(name));
  return Directory(fd, PathOf(name));
}

Result<Directory> Directory::Make(const std::string& name,
                                  unsigned mode) const {
  if (mkdirat(fd_, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return FromErrno(errno, "make directory " + PathOf(name));
  }
  Result<Directory> made = OpenIn(name);
  if (!made) return made;
  struct stat info {};
  if (fstat(made->fd_, &info) != 0) {
    return FromErrno(errno, "stat " + PathOf(name));
  }
  const mode_t wanted = mode | (info.st_mode & S_ISGID);
  if ((info.st_mode & 07777U) != wanted && fchmod(made->fd_, wanted) != 0) {
    return FromErrno(errno, "set mode of " + PathOf(name));
  }
  return made;
}

Result<std::vector<std::string>> Directory::Names() const {
  const int copy = openat(fd_, ".", kDirectoryFlags);
  if (copy < 0) return FromErrno(errno, "open directory " + path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy), closedir);
  if (stream == nullptr) {
    close(copy);
    return FromErrno(errno, "list " + path_);
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    if (names.size() >= kMaxNames) {
      return Fail(ErrorCode::kTooLarge, "list " + path_ + ": too many names");
    }
    names.push_back(std::move(name));
  }
  return names;
}

Status Directory::WriteFile(const std::string& name, std::string_view bytes,
                            unsigned mode) const {
  const std::string unfinished = std::string(kUnfinished) + name;
  if (Status removed = Remove(unfinished); !removed) return removed;
  const int fd =
      openat(fd_, unfinished.c_str(),
             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return FromErrno(errno, "create beside " + PathOf(name));
  Status done = WriteAll(fd, bytes, PathOf(name));
  if (done && fchmod(fd, mode) != 0) {
    done = FromErrno(errno, "set mode of " + PathOf(name));
  }
  close(fd);
  if (done && renameat(fd_, unfinished.c_str(), fd_, name.c_str()) != 0) {
    done = FromErrno(errno, "rename to " + PathOf(name));
  }
  if (!done) unlinkat(fd_, unfinished.c_str(), 0);
  return done;
}

Status Directory::WriteLink(const std::string& name,
                            const std::string& target) const {
  if (ReadLink(name) == target) return {};
  const std::string unfinished = std::string(kUnfinished) + name;
  if (Status removed = Remove(unfinished); !removed) return removed;
  if (symlinkat(target.c_str(), fd_, unfinished.c_str()) != 0) {
    return FromErrno(errno, "create beside " + PathOf(name));
  }
  if (renameat(fd_, unfinished.c_str(), fd_, name.c_str()) != 0) {
    Status failed = FromErrno(errno, "rename to " + PathOf(name));
    unlinkat(fd_, unfinished.c_str(), 0);
    return failed;
  }
  return {};
}

std::optional<std::string> Directory::ReadLink(const std::string& name) const {
  std::array<char, NAME_MAX> target{};
  const ssize_t size =
      readlinkat(fd_, name.c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(size));
}

Status Directory::Remove(const std::string& name) const {
  if (unlinkat(fd_, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return FromErrno(errno, "remove " + PathOf(name));
  if (name.starts_with(kUnfinished)) return RemoveTree(name, kMaxDepth);
  const std::string unfinished = std::string(kUnfinished) + name;
  if (Status removed = Remove(unfinished); !removed) return removed;
  if (renameat(fd_, name.c_str(), fd_, unfinished.c_str()) != 0) {
    return FromErrno(errno, "remove " + PathOf(name));
  }
  return RemoveTree(unfinished, kMaxDepth);
}

Status Directory::RemoveTree(const std::string& name, int depth) const {
  if (unlinkat(fd_, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR || depth == 0) {
    return FromErrno(errno, "remove " + PathOf(name));
  }
  const Result<Directory> inner = OpenIn(name);
  if (!inner) return Fail(inner.error());
  const auto names = inner->Names();
  if (!names) return Fail(names.error());
  for (const std::string& one : *names) {
    if (Status removed = inner->RemoveTree(one, depth - 1); !removed) {
      return removed;
    }
  }
  if (unlinkat(fd_, name.c_str(), AT_REMOVEDIR) == 0) return {};
  return FromErrno(errno, "remove " + PathOf(name));
}

void Directory::RemoveIfEmpty(const std::string& name) const {
  unlinkat(fd_, name.c_str(), AT_REMOVEDIR);
}

}  // namespace claviger::sidecar::files
