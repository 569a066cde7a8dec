// SPDX-License-Identifier: Apache-2.0

// Command vault starts HashiCorp Vault's own core, policies, plugins and HTTP
// API with in-memory storage and only those backends that the integration
// tests need, because the whole program takes four times as long to compile.
// It prints one line of JSON to stdout when it is ready to be asked.
//
// It links code under the Business Source License: for tests, never shipped.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	log "github.com/hashicorp/go-hclog"
	authjwt "github.com/hashicorp/vault-plugin-auth-jwt"
	authkube "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/builtin/logical/ssh"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/plugins/database/postgresql"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/version"
)

var (
	secretsEngines = map[string]logical.Factory{
		"database": database.Factory, "kv": kv.Factory, "ssh": ssh.Factory, "transit": transit.Factory,
	}
	authMethods = map[string]logical.Factory{
		"approle": approle.Factory, "jwt": authjwt.Factory, "kubernetes": authkube.Factory,
	}
	databasePlugins = map[string]func() (interface{}, error){
		"postgresql-database-plugin": postgresql.New,
	}
)

// registry names the plugins above; without one, mounting panics.
type registry struct{}

func (registry) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	if kind == consts.PluginTypeDatabase {
		f, ok := databasePlugins[name]
		return f, ok
	}
	f, ok := factories(kind)[name]
	return func() (interface{}, error) { return f, nil }, ok
}

func (registry) Keys(kind consts.PluginType) (names []string) {
	if kind == consts.PluginTypeDatabase {
		for name := range databasePlugins {
			names = append(names, name)
		}
	}
	for name := range factories(kind) {
		names = append(names, name)
	}
	return names
}

func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, ok := r.Get(name, kind)
	return ok
}

func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func factories(kind consts.PluginType) map[string]logical.Factory {
	switch kind {
	case consts.PluginTypeSecrets:
		return secretsEngines
	case consts.PluginTypeCredential:
		return authMethods
	}
	return nil
}

// announcement is what a test reads from stdout.
type announcement struct {
	Address   string `json:"address"`
	RootToken string `json:"root_token"`
	UnsealKey string `json:"unseal_key"`
	Sealed    bool   `json:"sealed"`
	Version   string `json:"version"`
}

func newCore(logger log.Logger, address string) (*vault.Core, error) {
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	return vault.NewCore(&vault.CoreConfig{
		AuditBackends:      map[string]audit.Factory{"file": audit.NewFileBackend},
		BuiltinRegistry:    registry{},
		CredentialBackends: authMethods,
		DisableMlock:       true,
		LogicalBackends:    secretsEngines,
		Logger:             logger,
		Physical:           storage,
		RedirectAddr:       address,
		StorageType:        "inmem",
	})
}

// prepare initialises the core with one unseal key and unseals it, as wanted.
func prepare(core *vault.Core, initialise, unseal bool) (rootToken string, key []byte, err error) {
	if !initialise {
		return "", nil, nil
	}
	result, err := core.Initialize(context.Background(), &vault.InitParams{
		BarrierConfig:  &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
		RecoveryConfig: &vault.SealConfig{},
	})
	if err != nil {
		return "", nil, err
	}
	key = result.SecretShares[0]
	if unseal {
		_, err = core.Unseal(key)
	}
	return result.RootToken, key, err
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	cert := flag.String("tls-cert", "", "PEM certificate chain; with --tls-key: serve TLS")
	key := flag.String("tls-key", "", "PEM private key of --tls-cert")
	sealed := flag.Bool("sealed", false, "initialise, but do not unseal")
	uninitialised := flag.Bool("uninitialised", false, "do not even initialise")
	level := flag.String("log-level", "warn", "trace, debug, info, warn or error")
	flag.Parse()
	if (*cert == "") != (*key == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	scheme := "http"
	if *cert != "" {
		scheme = "https"
	}
	address := scheme + "://" + listener.Addr().String()
	logger := log.New(&log.LoggerOptions{Output: os.Stderr, Level: log.LevelFromString(*level)})
	core, err := newCore(logger, address)
	if err != nil {
		return err
	}
	token, unsealKey, err := prepare(core, !*uninitialised, !*sealed)
	if err != nil {
		return err
	}

	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core:           core,
			ListenerConfig: &configutil.Listener{Address: listener.Addr().String(), TLSDisable: *cert == ""},
		}),
		ErrorLog:          logger.StandardLogger(nil),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() {
		if *cert != "" {
			failed <- server.ServeTLS(listener, *cert, *key)
		} else {
			failed <- server.Serve(listener)
		}
	}()
	if err := json.NewEncoder(os.Stdout).Encode(announcement{
		Address: address, RootToken: token, Sealed: core.Sealed(), Version: version.Version,
		UnsealKey: base64.StdEncoding.EncodeToString(unsealKey),
	}); err != nil {
		return err
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case err = <-failed:
		return err
	case <-stop:
		server.Close()
		return core.Shutdown()
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vault:", err)
		os.Exit(1)
	}
}
