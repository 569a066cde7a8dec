// SPDX-License-Identifier: Apache-2.0
#include "providers/catalogue.h"

#include <utility>

namespace claviger::providers {
namespace {

std::vector<CredentialType> General() {
  return {
      {.id = "password", .required = {"username", "password"}},
      {.id = "client-cert",
       .required = {"certificate", "private_key"},
       .optional = {"ca"}},
      {.id = "keypair",
       .required = {"username", "private_key"},
       .optional = {"passphrase"}},
      {.id = "token", .required = {"token"}},
      {.id = "header", .required = {"name", "value"}},
      // The refresh token is the person's part; the rest is the application's.
      {.id = "oauth2-code",
       .holder = Holder::kPerson,
       .required = {"client_id", "auth_uri", "token_uri", "scopes",
                    "refresh_token"},
       .optional = {"client_secret"}},
      {.id = "oauth2-device",
       .holder = Holder::kPerson,
       .required = {"client_id", "device_uri", "token_uri", "scopes",
                    "refresh_token"},
       .optional = {"client_secret", "auth_uri"}},
      {.id = "oauth2-client",
       .required = {"client_id", "token_uri", "scopes"},
       .optional = {"client_secret", "certificate"},
       .one_of = {"client_secret", "certificate"}},
      // RFC 8693; the subject is the user's own token.
      {.id = "exchange",
       .holder = Holder::kPerson,
       .required = {"token_uri", "audience"}},
  };
}

std::vector<CredentialType> Cloud() {
  return {
      {.id = "aws-static",
       .required = {"access_key_id", "secret_access_key"},
       .optional = {"session_token"}},
      {.id = "aws-assume",
       .holder = Holder::kWorkload,
       .required = {"role_arn"},
       .optional = {"external_id"}},
      // Fed with the pod's token it is the workload's, with the user's token
      // that person's. The same holds for gcp-wif.
      {.id = "aws-webid", .required = {"role_arn"}},
      {.id = "gcp-key", .required = {"service_account_json"}},
      {.id = "gcp-wif", .required = {"audience"}, .optional = {"sa_email"}},
      {.id = "azure-sp",
       .required = {"tenant_id", "client_id"},
       .optional = {"client_secret", "certificate"},
       .one_of = {"client_secret", "certificate"}},
      {.id = "azure-fed",
       .holder = Holder::kWorkload,
       .required = {"tenant_id", "client_id"}},
      {.id = "azure-sas", .required = {"sas"}},
  };
}

std::vector<CredentialType> Servers() {
  return {
      {.id = "kerberos", .required = {"principal", "keytab"}},
      {.id = "ssh-key",
       .required = {"username", "private_key"},
       .optional = {"passphrase"}},
      {.id = "ssh-cert",
       .required = {"username"},
       .optional = {"private_key", "signed_key"}},
      // A lease of the database engine; mount and role are in the reference.
      {.id = "dyn",
       .required = {"username", "password"},
       .optional = {"private_key"}},
  };
}

}  // namespace

const std::vector<CredentialType>& AllCredentialTypes() {
  static const std::vector<CredentialType> types = [] {
    std::vector<CredentialType> all = General();
    for (const auto part : {Cloud, Servers}) {
      for (CredentialType& type : part()) all.push_back(std::move(type));
    }
    return all;
  }();
  return types;
}

}  // namespace claviger::providers
