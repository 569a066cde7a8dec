// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "sidecar/files/directory.h"
#include "sidecar/files/store.h"

namespace claviger::sidecar::files {
namespace {

using providers::DirectoryOf;
using providers::FileFormat;
using providers::FileWish;

// Tells our directory from one that holds somebody else's files, without a
// file that a library would take for a binding.
constexpr unsigned kMark = S_ISVTX;
// A binding's present set of files is where this link points, as a kubelet
// does it for its volumes; libraries pass over names with a leading dot.
constexpr const char* kData = "..data";
constexpr const char* kSets[] = {"..a", "..b"};

bool IsBinding(const FileWish& wish) {
  return wish.format == FileFormat::kServiceBinding;
}

/// By directory, the files in it that are wanted.
using Layout = std::map<std::string, std::set<std::string>>;

class VolumeStore final : public Store {
 public:
  VolumeStore(Places places, std::function<bool(int)> in_memory)
      : places_(std::move(places)), in_memory_(std::move(in_memory)) {}

  Result<std::vector<FileWish>> Open(
      const std::vector<FileWish>& wanted) override;
  Status Write(const FileWish& wish, const Contents& contents) override;
  Status Remove(const FileWish& wish) override;

 private:
  unsigned DirectoryMode() const {
    return places_.mode == 0440 ? 0750U : 0700U;
  }
  Status CheckRoot(const Directory& root, const std::string& path) const;
  Result<Directory> OpenRoot(const std::string& path) const;
  Status ClearFiles(const Directory& root, const Layout& wanted) const;
  Status ClearBindings(const Directory& root, const Layout& wanted) const;
  Status WriteBinding(const Directory& binding, const Contents& contents) const;

  const Places places_;
  const std::function<bool(int)> in_memory_;
  std::optional<Directory> files_;
  std::optional<Directory> bindings_;
};

Status VolumeStore::CheckRoot(const Directory& root,
                              const std::string& path) const {
  if (!root.IsOwn() || !in_memory_(root.fd())) {
    return Fail(ErrorCode::kInvalidArgument,
                path +
                    " is another user's, or others may write to it, or it "
                    "is no memory volume");
  }
  if (root.HasMode(kMark)) return {};
  const auto names = root.Names();
  if (!names) return Fail(names.error());
  if (names->empty()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              path +
                  " holds files that are not claviger's; name an empty "
                  "directory, or one that is not there yet");
}

// What is not ours is not touched: a configuration may name any directory.
Result<Directory> VolumeStore::OpenRoot(const std::string& path) const {
  const size_t slash = path.find_last_of('/');
  const Result<Directory> parent =
      Directory::Open(path.substr(0, std::max<size_t>(slash, 1)));
  if (!parent) return Fail(parent.error());
  if (!in_memory_(parent->fd())) {
    return Fail(ErrorCode::kInvalidArgument,
                "files with credentials are written onto a memory volume "
                "(tmpfs) only, and " +
                    path + " is on none");
  }
  const std::string name = path.substr(slash + 1);
  const Result<Directory> found = parent->OpenIn(name);
  if (found) {
    if (Status fine = CheckRoot(*found, path); !fine) return Fail(fine.error());
  } else if (found.error().code != ErrorCode::kNotFound) {
    return Fail(found.error());
  }
  return parent->Make(name, DirectoryMode() | kMark);
}

Status VolumeStore::ClearFiles(const Directory& root,
                               const Layout& wanted) const {
  const auto names = root.Names();
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    const auto kept = wanted.find(name);
    if (kept == wanted.end()) {
      if (Status removed = root.Remove(name); !removed) return removed;
      continue;
    }
    const auto directory = root.OpenIn(name);
    if (!directory) return Fail(directory.error());
    const auto inside = directory->Names();
    if (!inside) return Fail(inside.error());
    for (const std::string& file : *inside) {
      if (kept->second.contains(file)) continue;
      if (Status removed = directory->Remove(file); !removed) return removed;
    }
  }
  return {};
}

Status VolumeStore::ClearBindings(const Directory& root,
                                  const Layout& wanted) const {
  const auto names = root.Names();
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (!wanted.contains(name)) {
      if (Status removed = root.Remove(name); !removed) return removed;
      continue;
    }
    const auto binding = root.OpenIn(name);
    if (!binding) return Fail(binding.error());
    const std::string present = binding->ReadLink(kData).value_or("");
    const auto inside = binding->Names();
    if (!inside) return Fail(inside.error());
    for (const std::string& one : *inside) {
      const bool left =
          one.starts_with(kUnfinished) ||
          (one.starts_with("..") && one != kData && one != present);
      if (!left) continue;
      if (Status removed = binding->Remove(one); !removed) return removed;
    }
  }
  return {};
}

Result<std::vector<FileWish>> VolumeStore::Open(
    const std::vector<FileWish>& wanted) {
  Layout files;
  Layout bindings;
  for (const FileWish& wish : wanted) {
    Layout& layout = IsBinding(wish) ? bindings : files;
    layout[DirectoryOf(wish.connection)].emplace(InfoOf(wish.format).file);
  }
  const std::pair<const std::string*, const Layout*> roots[] = {
      {&places_.directory, &files}, {&places_.bindings_directory, &bindings}};
  for (const auto& [path, layout] : roots) {
    if (layout->empty()) continue;
    Result<Directory> root = OpenRoot(*path);
    if (!root) return Fail(std::move(root.error()));
    const bool of_files = layout == &files;
    Status cleared =
        of_files ? ClearFiles(*root, files) : ClearBindings(*root, bindings);
    if (!cleared) return Fail(std::move(cleared.error()));
    (of_files ? files_ : bindings_).emplace(*std::move(root));
  }
  std::vector<FileWish> present;
  for (const FileWish& wish : wanted) {
    const auto directory = (IsBinding(wish) ? bindings_ : files_)
                               ->OpenIn(DirectoryOf(wish.connection));
    if (!directory) continue;
    const auto names = directory->Names();
    const std::string file(IsBinding(wish) ? kData : InfoOf(wish.format).file);
    if (names &&
        std::find(names->begin(), names->end(), file) != names->end()) {
      present.push_back(wish);
    }
  }
  return present;
}

Status VolumeStore::Write(const FileWish& wish, const Contents& contents) {
  const Directory& root = IsBinding(wish) ? *bindings_ : *files_;
  const auto directory =
      root.Make(DirectoryOf(wish.connection), DirectoryMode());
  if (!directory) return Fail(directory.error());
  if (IsBinding(wish)) return WriteBinding(*directory, contents);
  const unsigned mode = InfoOf(wish.format).owner_only ? 0400 : places_.mode;
  for (const auto& [name, bytes] : contents) {
    if (Status done = directory->WriteFile(name, bytes.Reveal(), mode); !done) {
      return done;
    }
  }
  return {};
}

// A new set beside the present one, then the link to it, then the names.
Status VolumeStore::WriteBinding(const Directory& binding,
                                 const Contents& contents) const {
  const std::string before = binding.ReadLink(kData).value_or("");
  const std::string next = before == kSets[0] ? kSets[1] : kSets[0];
  if (Status removed = binding.Remove(next); !removed) return removed;
  const auto set = binding.Make(next, DirectoryMode());
  if (!set) return Fail(set.error());
  for (const auto& [name, bytes] : contents) {
    if (Status done = set->WriteFile(name, bytes.Reveal(), places_.mode);
        !done) {
      return done;
    }
  }
  if (Status done = binding.WriteLink(kData, next); !done) return done;
  for (const auto& [name, bytes] : contents) {
    if (Status done = binding.WriteLink(name, std::string(kData) + "/" + name);
        !done) {
      return done;
    }
  }
  const auto names = binding.Names();
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (name == kData || name == next || contents.contains(name)) continue;
    if (Status removed = binding.Remove(name); !removed) return removed;
  }
  return {};
}

Status VolumeStore::Remove(const FileWish& wish) {
  const std::string name = DirectoryOf(wish.connection);
  if (IsBinding(wish)) return bindings_->Remove(name);
  const auto directory = files_->OpenIn(name);
  if (!directory) {
    if (directory.error().code == ErrorCode::kNotFound) return {};
    return Fail(directory.error());
  }
  Status removed = directory->Remove(std::string(InfoOf(wish.format).file));
  files_->RemoveIfEmpty(name);
  return removed;
}

}  // namespace

bool IsInMemory(int directory) {
  struct statfs info {};
  if (fstatfs(directory, &info) != 0) return false;
  return info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
}

std::unique_ptr<Store> MakeVolumeStore(
    Places places, std::function<bool(int directory)> in_memory) {
  return std::make_unique<VolumeStore>(std::move(places), std::move(in_memory));
}

}  // namespace claviger::sidecar::files
