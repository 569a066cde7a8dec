// SPDX-License-Identifier: Apache-2.0
#include "postgres/error_response.h"

#include <algorithm>

#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

constexpr size_t kMaxText = 1'024;
constexpr size_t kMaxFields = 32;

bool IsSqlState(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

std::string Plain(std::string_view text) {
  std::string plain(text.substr(0, kMaxText));
  // A character that the cut goes through is left out whole.
  if (plain.size() < text.size()) {
    while (!plain.empty() && (plain.back() & 0xC0) == 0x80) plain.pop_back();
    if (!plain.empty() && (plain.back() & 0x80) != 0) plain.pop_back();
  }
  std::replace_if(
      plain.begin(), plain.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; },
      ' ');
  return plain;
}

void AppendField(std::string& body, char field, std::string_view text) {
  if (text.empty()) return;
  body.push_back(field);
  AppendText(body, Plain(text));
}

}  // namespace

std::string MakeError(const ErrorFields& error) {
  std::string body;
  AppendField(body, 'S', "FATAL");
  AppendField(body, 'V', "FATAL");
  AppendField(body, 'C',
              IsSqlState(error.sqlstate) ? std::string_view(error.sqlstate)
                                         : sqlstate::kServerRejected);
  AppendField(body, 'M', error.message.empty() ? "failed" : error.message);
  AppendField(body, 'D', error.detail);
  AppendField(body, 'H', error.hint);
  body.push_back('\0');
  std::string message;
  AppendMessage(message, 'E', body);
  return message;
}

ErrorFields ReadError(std::string_view body) {
  ErrorFields error;
  Cursor cursor(body);
  for (size_t count = 0; count < kMaxFields; ++count) {
    const auto field = cursor.Byte();
    if (!field || *field == 0) break;
    const auto text = cursor.Text();
    if (!text) break;
    switch (static_cast<char>(*field)) {
      case 'C':
        if (IsSqlState(*text)) error.sqlstate = *text;
        break;
      case 'M':
        error.message = Plain(*text);
        break;
      case 'D':
        error.detail = Plain(*text);
        break;
      case 'H':
        error.hint = Plain(*text);
        break;
      default:
        break;
    }
  }
  return error;
}

}  // namespace claviger::postgres
