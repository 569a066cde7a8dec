// SPDX-License-Identifier: Apache-2.0
//
// The words of --help: what each command is for, and examples that work in
// examples/quickstart.
#pragma once

namespace claviger::cli {

inline constexpr const char* kAbout =
    "claviger: which workload may use which connection, with which "
    "credential, and why";

inline constexpr const char* kFooter =
    "Exit codes, for every command: 0 yes or done, 1 error, 2 wrong usage, "
    "3 the answer is no.\n"
    "lint, explain, can and who work from manifests alone: no cluster, no "
    "Vault.\n"
    "\n"
    "Start with:\n"
    "  claviger lint -f examples/quickstart/manifests\n"
    "  claviger COMMAND --help";

inline constexpr const char* kLintAbout =
    "report everything that is wrong with manifests";
inline constexpr const char* kLintFooter =
    "Each problem is one line: FILE:LINE: PATH: what is wrong; how to fix it.\n"
    "Warnings alone do not fail. Exit codes: 0 clean, 1 cannot read, "
    "3 problems found.\n"
    "\n"
    "Examples:\n"
    "  claviger lint -f manifests/\n"
    "  claviger lint -f manifests/ --config operator.yaml   # path rules too\n"
    "  claviger lint -f warehouse.yaml -o json";

inline constexpr const char* kExplainAbout =
    "decide one question, and show every step of the decision";
inline constexpr const char* kExplainFooter =
    "The answer is the decision itself: operator and sidecar run the same "
    "code.\n"
    "Objects that were skipped are named on standard error.\n"
    "Exit codes: 0 allowed, 1 error, 2 wrong usage, 3 not allowed.\n"
    "\n"
    "Examples:\n"
    "  claviger explain -f manifests/ --as sa/reports/nightly sales/warehouse\n"
    "  claviger explain -f manifests/ --as sa/reports/nightly \\\n"
    "      --deliver disclose sales/warehouse       # may the secret be seen?\n"
    "  claviger explain -f manifests/ --as user/alice --claim groups=fin,eu "
    "\\\n"
    "      --carrier sa/bi/dashboard sales/warehouse -o json";

inline constexpr const char* kCanAbout = "does the caller hold a privilege?";
inline constexpr const char* kCanFooter =
    "Privileges: view, use, readSecret, share, manage. A privilege says what "
    "is permitted;\nwhether a credential is there too, `claviger explain` "
    "says.\n"
    "Exit codes: 0 yes, 1 error, 2 wrong usage, 3 no.\n"
    "\n"
    "Examples:\n"
    "  claviger can -f manifests/ --as sa/reports/nightly use sales/warehouse\n"
    "  claviger can -f manifests/ --as user/erin manage sales/warehouse";

inline constexpr const char* kWhoAbout =
    "everyone who can use a connection now, with which slot, and why";
inline constexpr const char* kWhoFooter =
    "Asks for every service account and user that the manifests name, for any "
    "account of a\nnamed namespace, for members by claim, and for everybody "
    "else.\n"
    "Exit codes: 0 somebody can, 1 error, 2 wrong usage, 3 nobody can.\n"
    "\n"
    "Examples:\n"
    "  claviger who -f manifests/ sales/warehouse\n"
    "  claviger who -f manifests/ --deliver disclose sales/warehouse -o json";

inline constexpr const char* kPlanAbout =
    "what the operator would change in Vault; nothing is written";
inline constexpr const char* kPlanFooter =
    "Reads Vault with a token that may read what the operator wrote. The token "
    "comes from a\nfile, never from the command line: --token-file, or the "
    "file named by VAULT_TOKEN_FILE,\nor ~/.vault-token.\n"
    "Exit codes: 0 compared (with or without changes), 1 error, 2 wrong "
    "usage.\n"
    "\n"
    "Examples:\n"
    "  claviger plan -f manifests/ --config operator.yaml\n"
    "  claviger plan -f manifests/ --config operator.yaml -o json | jq .";

inline constexpr const char* kVaultAbout =
    "what an administrator sets up in Vault";
inline constexpr const char* kVaultPolicyAbout =
    "print the policy that the operator itself needs, as JSON";
inline constexpr const char* kVaultFooter =
    "It names no credential path. Whoever may write policies could give itself "
    "one, though,\nso the operator is as trusted as Vault's administrators.\n"
    "\n"
    "Examples:\n"
    "  claviger vault policy --config operator.yaml |\n"
    "      vault policy write claviger.prod-eu.operator -";

inline constexpr const char* kVaultSetupAbout =
    "make in Vault what the operator needs, given an administrator's token";
inline constexpr const char* kVaultSetupFooter =
    "Claviger's KV mount, the login of service accounts, the operator's policy "
    "and its role.\nWhat is there already stays as it is, so it may be run "
    "again at any time.\n"
    "Exit codes: 0 done, 1 error, 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  claviger vault setup --config operator.yaml --dry-run\n"
    "  claviger vault setup --config operator.yaml --token-file admin.token "
    "\\\n"
    "      --kubernetes-host https://10.0.0.1:6443 --kubernetes-ca ca.pem \\\n"
    "      --reviewer-token-file reviewer.token";

inline constexpr const char* kVaultDoctorAbout =
    "find and explain what is wrong between Vault, the cluster and Claviger";
inline constexpr const char* kVaultDoctorFooter =
    "Looks at Vault with a token that may read its mounts, policies and "
    "roles, and writes\nnothing. Each finding says what is wrong, why it "
    "matters and how to put it right.\n"
    "Exit codes: 0 nothing found, 1 error, 2 wrong usage, 3 something is "
    "wrong.\n"
    "\n"
    "Examples:\n"
    "  claviger vault doctor --config operator.yaml --token-file admin.token\n"
    "  kubectl create token claviger-operator -n claviger-system \\\n"
    "      --audience claviger-op-3f9c > operator.token\n"
    "  claviger vault doctor --config operator.yaml --operator-token-file "
    "operator.token";

inline constexpr const char* kCredentialAbout =
    "a credential of this pod's own for a connection: store, look, remove";
inline constexpr const char* kCredentialFooter =
    "Talks to the sidecar of the pod that it runs in. What is stored is never "
    "shown again:\nshow tells its type, its fingerprint and when it was "
    "stored.\n"
    "Exit codes: 0 done, 1 error, 2 wrong usage, 3 refused, or nothing is "
    "stored that counts.\n"
    "\n"
    "Examples:\n"
    "  claviger credential set sales/warehouse\n"
    "  claviger credential show sales/warehouse\n"
    "  claviger credential remove sales/warehouse";
inline constexpr const char* kCredentialSetAbout =
    "store a credential of one's own";
inline constexpr const char* kCredentialSetFooter =
    "Asks for each key of the connection's credential type, without showing "
    "what is typed;\nwhere standard input is no terminal, it reads a JSON "
    "object there. Values are never\ntaken from the command line.\n"
    "Exit codes: 0 stored, 1 error, 2 wrong usage, 3 refused, or another "
    "version is stored.\n"
    "\n"
    "Examples:\n"
    "  claviger credential set sales/warehouse\n"
    "  claviger credential set sales/warehouse --from-file username=user.txt "
    "\\\n"
    "      --from-file password=/run/secrets/password --new\n"
    "  pass-tool get warehouse --json | claviger credential set "
    "sales/warehouse";
inline constexpr const char* kCredentialShowAbout =
    "what is stored, without the secret";
inline constexpr const char* kCredentialRemoveAbout =
    "remove it with all its versions";

inline constexpr const char* kStatusAbout =
    "the state of everything in a cluster, on one screen";
inline constexpr const char* kStatusFooter =
    "How many Connections, Grants and Groups there are and are ready, which "
    "are "
    "not and why,\nwhich operator leads, and which pods asked for the sidecar "
    "and run without it.\nRead from the API server with a kubeconfig.\n"
    "Exit codes: 0 all is ready, 1 error, 2 wrong usage, 3 something is not.\n"
    "\n"
    "Examples:\n"
    "  claviger status\n"
    "  claviger status -n sales --all\n"
    "  claviger status -o json | jq '.objects[] | select(.ready | not)'";

inline constexpr const char* kDevAbout =
    "everything in one process, for trying and for local development";
inline constexpr const char* kDevFooter =
    "NOT FOR PRODUCTION. Runs the operator's reconciliation from the files "
    "below DIR (read\nagain when they change), an embedded Vault in memory "
    "filled from DIR/secrets.yaml, and\none sidecar for each --as, on Unix "
    "sockets in a private directory.\n"
    "Ends on Ctrl-C.\n"
    "\n"
    "Examples:\n"
    "  claviger dev examples/quickstart --as sa/reports/nightly\n"
    "  curl --unix-socket SOCKET http://claviger/v1/connections";

}  // namespace claviger::cli
