// SPDX-License-Identifier: Apache-2.0
#include "cli/local_arguments.h"

namespace claviger::cli {
namespace {

constexpr const char* kRunAbout =
    "start a program that knows only environment variables";
constexpr const char* kRunFooter =
    "Each connection becomes variables of the program, and of nothing else: "
    "where it is\n"
    "(HOST, PORT, HOSTS, DATABASE, URL) and the fields of its credential\n"
    "(USERNAME, PASSWORD, ...), after CLAVIGER_<NAMESPACE>__<NAME>_ or the "
    "prefix given.\n"
    "\n"
    "Variables cannot be changed in a program that runs. When a credential is\n"
    "replaced:\n"
    "  nothing       the program keeps what it was given (the default)\n"
    "  restart       it is ended (SIGTERM, after 10 s SIGKILL) and started "
    "anew; when\n"
    "                the access is taken away, it is ended for good\n"
    "  signal=NAME   it is sent HUP, INT, QUIT, TERM, USR1, USR2, WINCH or "
    "ALRM\n"
    "\n"
    "Signals are passed on, and children that lost their parent collected. The "
    "exit\n"
    "code is the program's, 128 and the signal that ended it, 126 or 127 where "
    "it\n"
    "cannot be started, 3 where a credential is refused (a server-side-only "
    "one always\n"
    "is), 1 where the sidecar did not answer for 30 s.\n"
    "\n"
    "  claviger run --env sales/warehouse:DB_ -- ./report --daily\n"
    "  claviger run --env sales/warehouse --on-rotation restart -- gunicorn "
    "app";

constexpr const char* kTestAbout =
    "log in at a connection's server, and say what fails";
constexpr const char* kTestFooter =
    "Asks the sidecar of the pod that it runs in to reach the server with the "
    "credential\nthat this pod would be given: the credential, the server's "
    "name, its address, TCP, TLS,\nand the login (PostgreSQL, and by a GET of "
    "HTTP; others are reached only). No secret is\nshown.\n"
    "Exit codes: 0 nothing failed, 1 error, 2 wrong usage, 3 a step failed, or "
    "refused.\n"
    "\n"
    "Examples:\n"
    "  claviger test sales/warehouse\n"
    "  claviger test sales/warehouse --slot default -o json";

constexpr const char* kHelperAbout =
    "answer programs that ask for credentials in a way of their own";
constexpr const char* kHelperFooter =
    "Each says itself how it is configured: claviger helper aws --help";

void AddSocket(CLI::App& command, std::string& socket) {
  command
      .add_option("--socket", socket,
                  "the sidecar's socket; default: what CLAVIGER_SOCKET "
                  "names, else /run/claviger/claviger.sock")
      ->type_name("PATH");
}

CLI::App* AddOne(CLI::App& helper, HelperOptions& options, const char* kind,
                 const char* about, const char* footer) {
  CLI::App* command = helper.add_subcommand(kind, about);
  command->footer(footer);
  AddSocket(*command, options.socket);
  command->parse_complete_callback([&options, kind] { options.kind = kind; });
  return command;
}

}  // namespace

void AddRun(CLI::App& app, RunOptions& options) {
  CLI::App* command = app.add_subcommand("run", kRunAbout);
  command->footer(kRunFooter);
  command
      ->add_option("--env", options.env,
                   "a connection to be given as variables; repeatable")
      ->allow_extra_args(false)
      ->type_name("NS/NAME[:PREFIX]");
  command
      ->add_option("--on-rotation", options.on_rotation,
                   "nothing, restart or signal=NAME")
      ->type_name("WHAT")
      ->capture_default_str();
  AddSocket(*command, options.socket);
  command
      ->add_option("command", options.command,
                   "the program and its arguments, after --")
      ->required()
      ->type_name("-- CMD");
}

CLI::App* AddTest(CLI::App& app, TestOptions& options) {
  CLI::App* command = app.add_subcommand("test", kTestAbout);
  command->footer(kTestFooter);
  command
      ->add_option("--slot", options.slot,
                   "try this slot: personal, default or grant/NAME")
      ->check([](const std::string& slot) {
        const bool plain =
            !slot.empty() &&
            slot.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-./") ==
                std::string::npos;
        return std::string(plain ? "" : "not a slot's name");
      })
      ->type_name("SLOT");
  AddSocket(*command, options.socket);
  command->add_option("connection", options.connection, "namespace/name")
      ->required()
      ->type_name("NS/NAME");
  return command;
}

void AddHelper(CLI::App& app, HelperOptions& options) {
  CLI::App* helper = app.add_subcommand("helper", kHelperAbout);
  helper->footer(kHelperFooter);
  helper->require_subcommand(1);
  AddOne(*helper, options, "aws",
         "a credential_process of the AWS command line and SDKs",
         "In ~/.aws/config:\n"
         "  [profile lake]\n"
         "  credential_process = claviger helper aws sales/lake")
      ->add_option("words", options.words, "the connection")
      ->required()
      ->expected(1)
      ->type_name("NS/NAME");
  AddOne(*helper, options, "git", "a credential helper of git",
         "It answers for the connection's server and no other:\n"
         "  git config --global credential.https://git.corp.helper \\\n"
         "    '!claviger helper git build/git'")
      ->add_option("words", options.words,
                   "the connection, and what git adds: get, store or erase")
      ->required()
      ->expected(2)
      ->type_name("NS/NAME ACTION");
  AddOne(*helper, options, "docker", "a credential helper of docker",
         "A script docker-credential-claviger on the PATH:\n"
         "  #!/bin/sh\n"
         "  exec claviger helper docker build/registry \"$@\"\n"
         "and in ~/.docker/config.json:\n"
         "  {\"credHelpers\": {\"registry.corp\": \"claviger\"}}")
      ->add_option("words", options.words,
                   "connections, and what docker adds: get, list, store or "
                   "erase")
      ->required()
      ->expected(2, 64)
      ->type_name("NS/NAME... ACTION");
}

}  // namespace claviger::cli
