// SPDX-License-Identifier: Apache-2.0
#include "model/connection.h"

namespace claviger::model {

std::string_view ToString(SharingMode mode) {
  switch (mode) {
    case SharingMode::kPrivate:
      return "Private";
    case SharingMode::kOrganization:
      return "Organization";
    case SharingMode::kGroups:
      return "Groups";
    case SharingMode::kViewerCredentials:
      return "ViewerCredentials";
  }
  return "";
}

std::string_view ToString(CredentialMode mode) {
  switch (mode) {
    case CredentialMode::kGlobal:
      return "Global";
    case CredentialMode::kPerUser:
      return "PerUser";
    case CredentialMode::kLayered:
      return "Layered";
  }
  return "";
}

CredentialMode EffectiveMode(const Connection& connection) {
  return connection.sharing.mode == SharingMode::kViewerCredentials
             ? CredentialMode::kPerUser
             : connection.credentials.mode;
}

bool PersonalAllowed(const Connection& connection) {
  if (connection.sharing.mode == SharingMode::kViewerCredentials) return true;
  return connection.credentials.allow_personal &&
         connection.credentials.mode != CredentialMode::kGlobal;
}

}  // namespace claviger::model
