// SPDX-License-Identifier: Apache-2.0
//
// What is found wrong with one object while it is decoded and validated. One
// cause gives one message: validation is silent about what decoding has
// already complained about. Not synchronised.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"

namespace claviger::model {

class Report {
 public:
  /// The most problems kept for one object, and of these warnings: they must
  /// not crowd out what refuses it.
  static constexpr size_t kMaxProblems = 50;
  static constexpr size_t kMaxWarnings = 25;

  /// `metadata` gives file and lines; it must outlive the report.
  Report(std::string object, const Metadata& metadata)
      : object_(std::move(object)), metadata_(metadata) {}

  /// Decoding: the object cannot be read.
  void Undecodable(const std::string& path, std::string what, std::string fix);
  /// Decoding: refused, though it can be read (something required is absent).
  void Missing(const std::string& path, std::string fix);
  /// Decoding: as Missing, for text that is there but empty.
  void Empty(const std::string& path);
  /// Validation: refused. `reason` is the condition's.
  void Invalid(const std::string& path, std::string what, std::string fix,
               std::string_view reason = "InvalidSpec");
  /// Accepted, but probably not what was meant.
  void Warn(const std::string& path, std::string what, std::string fix);

  /// As Undecodable, at a line of its own.
  void UndecodableAt(int line, const std::string& path, std::string what,
                     std::string fix);

  bool decodable() const { return decodable_; }
  /// True when further problems are only counted.
  bool full() const { return problems_.size() >= kMaxProblems; }
  /// True when a problem that decoding met lies at, below or above `path`.
  bool Complained(std::string_view path) const;
  /// Why the object is refused; nothing when it is not.
  std::optional<Refusal> refusal() const;
  /// The problems in the order of their lines. The report is empty afterwards.
  std::vector<Problem> Take();

 private:
  void Note(const std::string& path);
  void Refuse(const std::string& path, std::string what, std::string fix);
  void Add(Problem::Severity severity, std::optional<int> line,
           const std::string& path, std::string what, std::string fix);

  std::string object_;
  const Metadata& metadata_;
  std::vector<Problem> problems_;
  std::vector<std::string> decode_paths_;
  std::string reason_;
  size_t warnings_ = 0;
  size_t dropped_ = 0;
  Problem::Severity dropped_severity_ = Problem::Severity::kWarning;
  bool decodable_ = true;
};

}  // namespace claviger::model
