// SPDX-License-Identifier: Apache-2.0
#include "model/manifests.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "model/collector.h"
#include "model/limits.h"
#include "model/lint.h"

namespace claviger::model {
namespace {

namespace fs = std::filesystem;

bool IsHidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.empty() && name[0] == '.';
}

bool IsManifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

// A link is followed if it ends inside the directory that is read: that is how
// mounted ConfigMaps look. Others could pull in any file of the machine.
bool IsInside(const fs::path& path, const fs::path& root) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return false;
  const auto mismatch =
      std::mismatch(root.begin(), root.end(), target.begin(), target.end());
  return mismatch.first == root.end();
}

/// Walks a directory and lists the manifests below it.
class Lister {
 public:
  Lister(fs::path root, Collector& collector)
      : root_(std::move(root)), collector_(collector) {}

  std::vector<fs::path> List(const fs::path& directory) {
    std::error_code error;
    canonical_ = fs::canonical(root_, error);
    fs::recursive_directory_iterator it(directory, error);
    while (!error && it != fs::recursive_directory_iterator()) {
      Visit(it);
      if (files_.size() > kMaxFiles) {
        collector_.Unreadable(directory.string(), 0,
                              "more than 10000 manifest files",
                              "choose a smaller directory");
        break;
      }
      it.increment(error);
    }
    if (error) {
      collector_.Unreadable(directory.string(), 0,
                            "cannot be listed: " + error.message(),
                            "check the permissions");
    }
    std::sort(files_.begin(), files_.end());
    return std::move(files_);
  }

 private:
  void Visit(fs::recursive_directory_iterator& it) {
    const fs::directory_entry& entry = *it;
    std::error_code error;
    if (IsHidden(entry.path())) {
      it.disable_recursion_pending();
      return;
    }
    if (entry.is_directory(error) || !IsManifest(entry.path())) return;
    if (entry.is_symlink(error) && !IsInside(entry.path(), canonical_)) return;
    files_.push_back(entry.path());
  }

  fs::path root_;
  fs::path canonical_;
  Collector& collector_;
  std::vector<fs::path> files_;
};

void AddFile(const fs::path& path, Collector& collector) {
  const Result<std::string> text = ReadFile(path.string(), kMaxFileBytes);
  if (text) {
    collector.Add(*text, path.string(), path.extension() == ".json");
  } else if (text.error().code == ErrorCode::kTooLarge) {
    collector.Unreadable(path.string(), 0, "larger than 1 MiB",
                         "split the file");
  } else {
    collector.Unreadable(path.string(), 0,
                         "cannot be read: " + text.error().message,
                         "check the file");
  }
}

Objects Finish(Collector& collector) {
  Objects objects = collector.Finish();
  for (Problem& problem : FindWarnings(objects)) {
    objects.problems.push_back(std::move(problem));
  }
  return objects;
}

}  // namespace

Objects DecodeManifests(std::string_view text, const std::string& file,
                        bool is_json) {
  Collector collector;
  collector.Add(text, file, is_json);
  return collector.Finish();
}

Objects DecodeObject(std::string_view json) {
  return DecodeManifests(json, "", true);
}

Result<Objects> ReadManifests(const std::string& path) {
  Collector collector;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    return Fail(ErrorCode::kNotFound,
                "read manifests: no such file or "
                "directory: " +
                    path);
  }
  if (fs::is_directory(status)) {
    fs::directory_iterator probe(path, error);
    if (error) {
      return Fail(ErrorCode::kPermissionDenied,
                  "list directory " + path + ": " + error.message());
    }
    for (const fs::path& file : Lister(path, collector).List(path)) {
      AddFile(file, collector);
    }
    return Finish(collector);
  }
  const Result<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text) return Fail(text.error(), "read manifests");
  collector.Add(*text, path, fs::path(path).extension() == ".json");
  return Finish(collector);
}

}  // namespace claviger::model
