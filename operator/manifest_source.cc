// SPDX-License-Identifier: Apache-2.0
#include "operator/manifest_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "model/manifests.h"

namespace claviger::op {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxEntries = 20'000;
constexpr int kMaxUnsettled = 10;

std::string Nanoseconds(const timespec& time) {
  return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

// Follows links: a mounted ConfigMap is one link that is swapped. The change
// time also moves where a file was replaced by one of the same size and date.
std::string LineOf(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return path + " gone\n";
  std::string line = path + ' ' + std::to_string(info.st_mode);
  // A directory's times also move for files that are not looked at.
  if (S_ISDIR(info.st_mode)) return line + '\n';
  for (const std::string& part :
       {std::to_string(info.st_ino), std::to_string(info.st_size),
        Nanoseconds(info.st_mtim), Nanoseconds(info.st_ctim)}) {
    line += ' ' + part;
  }
  return line + '\n';
}

bool IsHidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.empty() && name[0] == '.';
}

std::string Fingerprint(const std::string& root) {
  std::vector<std::string> lines = {LineOf(root)};
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  while (!error && it != fs::recursive_directory_iterator() &&
         lines.size() < kMaxEntries) {
    if (IsHidden(it->path())) {
      it.disable_recursion_pending();
    } else {
      lines.push_back(LineOf(it->path().string()));
    }
    it.increment(error);
  }
  std::sort(lines.begin() + 1, lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return Sha256Hex(all);
}

}  // namespace

ManifestSource::ManifestSource(std::string path) : path_(std::move(path)) {}

Result<access::SharedObjects> ManifestSource::Read() {
  // Taken before: what changes while it is read is read again.
  read_ = Fingerprint(path_);
  pending_.reset();
  unsettled_ = 0;
  Result<model::Objects> objects = model::ReadManifests(path_);
  if (!objects) return Fail(std::move(objects).error());
  return access::Share(*std::move(objects));
}

bool ManifestSource::Changed() {
  if (!read_) return true;
  std::string now = Fingerprint(path_);
  if (now == *read_) {
    pending_.reset();
    unsettled_ = 0;
    return false;
  }
  if (pending_ == now || ++unsettled_ >= kMaxUnsettled) return true;
  pending_ = std::move(now);
  return false;
}

}  // namespace claviger::op
