// SPDX-License-Identifier: Apache-2.0
//
// How a text is written in each kind of file so that the programs that read
// such files get it back, byte for byte; a text that cannot be written so, or
// that two readers would take differently, is refused. Results hold secrets:
// the caller wipes them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace claviger::sidecar::files {

/// Absent: it cannot be written there.
using Quoted = std::optional<std::string>;

/// 'it'\''s', for a POSIX shell. Not: NUL.
Quoted ForShell(std::string_view text);

/// For the dotenv libraries, which differ in what a backslash means: in single
/// quotes, or in double quotes where it has a single quote. Not: what would
/// need a backslash, as line ends do.
Quoted ForDotenv(std::string_view text);

/// A double-quoted scalar of YAML 1.1 and 1.2.
Quoted ForYaml(std::string_view text);

/// A field of libpq's password file. Not: line ends, NUL.
Quoted ForPgpass(std::string_view text);

/// A quoted value of MySQL's option files. Not: NUL, over 4,000 bytes.
Quoted ForMyCnf(std::string_view text);

/// A value of an INI file without any quoting, as the AWS SDKs read it.
Quoted ForAws(std::string_view text);

/// A word of a netrc file without any quoting.
Quoted ForNetrc(std::string_view text);

/// A value of a Java properties file, in ASCII. Not: NUL, what is not UTF-8.
Quoted ForProperties(std::string_view text);

}  // namespace claviger::sidecar::files
