// SPDX-License-Identifier: Apache-2.0
//
// Bytes that must not be seen: move-only, wiped when dropped, impossible to
// print, log or compare with ==. Reading goes through Reveal(), so that every
// read can be found. Limits, honestly: copies made by the kernel, the TLS
// library and parsers are outside its reach; processes that hold secrets also
// switch core dumps off. Not synchronised.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace claviger {

class Secret {
 public:
  Secret() = default;
  /// Takes the bytes over and wipes the source.
  explicit Secret(std::string&& bytes);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// A second holder of the same bytes, made visibly.
  Secret Clone() const;

  /// The bytes; valid until this object changes. Keep the use short.
  std::string_view Reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  /// Constant time in the length of the longer one.
  bool Equals(std::string_view other) const;

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  void Wipe();

  std::string bytes_;
};

/// Overwrites the whole capacity of `bytes` with zeros, then clears it.
void WipeString(std::string& bytes);

}  // namespace claviger
