package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"parley/chat"
	"parley/internal/logging"
	"parley/middleware"
	"parley/server"
	"parley/web"
)

// config holds the flags and commands. Each flag can also be set by an environment
// variable: PARLEY_ and the name of the flag.
type config struct {
	Listen         string              `default:"127.0.0.1:8080" help:"Address to listen on; port 0 selects a free port."`
	Store          string              `default:"sqlite:./parley-data/parley.db" help:"Database: sqlite:PATH, or mongodb://HOST/NAME?replicaSet=SET for any number of replicas."`
	StoreFile      string              `placeholder:"PATH" help:"File that holds the value of --store, for a URL with a password; it replaces --store."`
	StorePool      int                 `default:"50" help:"Maximum connections to MongoDB, at least 5."`
	Files          string              `placeholder:"DIR" help:"Folder for the files of messages: by default beside the database, or in MongoDB."`
	Registration   server.Registration `default:"invite" enum:"invite,open,closed" help:"Who may create an account: ${enum}."`
	PublicURL      *url.URL            `name:"public-url" placeholder:"URL" help:"URL of this server for its users; used in links, cookies and the check of origins."`
	TrustedProxies []network           `placeholder:"CIDR,..." help:"Proxies whose X-Forwarded-For header is trusted: addresses or networks."`
	Origins        []*url.URL          `placeholder:"URL,..." help:"Other origins whose pages may use this server with the session cookie; pages of any origin may use it with a token."`
	Socketio       string              `default:"auto" enum:"auto,on,websocket,off" help:"Transports of Socket.IO clients: ${enum}. auto is on, but websocket on MongoDB without --replica."`
	Push           string              `default:"on" enum:"on,off" help:"Push notifications to the push services of browsers: ${enum}."`
	Replica        string              `placeholder:"NAME" help:"Name of this replica, by which a load balancer routes the polling of Socket.IO clients."`
	LogFormat      string              `default:"text" enum:"text,json" help:"Format of the log: ${enum}."`
	MetricsListen  string              `placeholder:"HOST:PORT" help:"Address for Prometheus metrics; off by default."`

	SessionLifetime  lifetime `default:"90d" help:"Time after which a user signs in again, 1h to 400d; also after 90 days without use."`
	RecoveryLifetime lifetime `default:"1h" help:"Time for which a link that sets a new password is valid, 1m to 7d."`

	LimitAnonymous middleware.Rate `default:"100/15m" help:"Failed attempts per address, for each kind (passwords, codes, tokens, accounts without an invite), or off."`
	LimitUser      middleware.Rate `default:"1200/1m" help:"Requests and socket commands per user, or off."`
	LimitPosts     middleware.Rate `default:"20/10s" help:"Messages per user, and other actions that notify users, by cost; or off."`
	LimitChats     int             `default:"2000" help:"Chats per user; also chats that a user creates, and people that a user adds, per hour."`
	LimitSockets   int             `default:"20" help:"Open sockets per user."`
	LimitBody      middleware.Size `default:"1MiB" help:"Maximum size of a request body, at least 32KiB; 16KiB for requests without an identity."`
	LimitText      middleware.Size `default:"16KiB" help:"Maximum size of the text of a message, at most 16KiB."`
	LimitFile      middleware.Size `default:"100MiB" help:"Maximum size of a file."`
	LimitUploads   middleware.Size `default:"1GiB" help:"Maximum bytes that a user uploads in a day."`
	LimitStorage   middleware.Size `placeholder:"SIZE" help:"Maximum bytes of all files; no limit by default."`

	Serve     struct{}    `cmd:"" default:"1" help:"Run the server (the default)."`
	Recover   recoverArgs `cmd:"" help:"Print a link that sets a new password; it is valid for --recovery-lifetime and can be used once."`
	OwnerLink struct{}    `cmd:"" help:"Print the link that creates the owner account; it is valid until it is used."`
	Backup    backupArgs  `cmd:"" help:"Write a copy of the SQLite database to a new file; the server may be running."`
	Health    struct{}    `cmd:"" help:"Check whether the server at --listen is ready; exit 1 if not."`
	Version   struct{}    `cmd:"" help:"Print the version."`
	Help      struct{}    `cmd:"" help:"Print this help."`
}

// network is an address, or a network in CIDR notation.
type network netip.Prefix

// UnmarshalText parses the value of a flag.
func (n *network) UnmarshalText(b []byte) error {
	p, err := netip.ParsePrefix(string(b))
	if err != nil {
		a, err := netip.ParseAddr(string(b))
		if err != nil {
			return errors.New("must be an address or a network, such as 10.0.0.1 or 10.0.0.0/8")
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 { // addresses are compared in their IPv4 form
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	*n = network(p)
	return nil
}

// prefixes returns the networks as prefixes.
func prefixes(networks []network) (p []netip.Prefix) {
	for _, n := range networks {
		p = append(p, netip.Prefix(n))
	}
	return p
}

// lifetime is a duration that may be in days.
type lifetime time.Duration

const day = 24 * time.Hour

// UnmarshalText parses the value of a flag.
func (l *lifetime) UnmarshalText(b []byte) error {
	if days, ok := strings.CutSuffix(string(b), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return errors.New("must be a time, such as 90d or 12h")
		}
		*l = lifetime(time.Duration(n) * day)
		return nil
	}
	d, err := time.ParseDuration(string(b))
	if err != nil {
		return errors.New("must be a time, such as 90d or 12h")
	}
	*l = lifetime(d)
	return nil
}

type recoverArgs struct {
	Handle string `arg:"" help:"Handle of the account."`
}

type backupArgs struct {
	File string `arg:"" help:"Path of the new file."`
}

// command is the function of a command.
type command func(ctx context.Context, c *config, stdout io.Writer, stderr *logging.Writer) error

// parse reads the flags and the environment. It returns a nil command if it has
// printed the help. The config is never nil.
func parse(args []string, stdout, stderr io.Writer) (*config, command, error) {
	c, exited := &config{}, false
	k, err := kong.New(c, kong.Name("parley"), kong.Description("A chat server in one binary."),
		kong.DefaultEnvars("PARLEY"), kong.Writers(stdout, stderr), kong.Exit(func(int) { exited = true }))
	if err != nil {
		return c, nil, err
	}
	if len(args) == 1 && args[0] == "help" {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if exited {
		return c, nil, nil
	}
	if err != nil {
		return c, nil, err
	}
	name := strings.Fields(parsed.Command())[0]
	return c, map[string]command{
		"serve": serve, "recover": recoverAccount, "owner-link": ownerLink, "backup": backupDatabase, "health": health,
		"version": func(_ context.Context, _ *config, stdout io.Writer, _ *logging.Writer) error {
			_, err := fmt.Fprintln(stdout, "parley", version())
			return err
		},
	}[name], nil
}

// Validate checks the values. kong calls it after parsing. Its error names the flag.
func (c *config) Validate() error {
	for flag, addr := range map[string]string{"--listen": c.Listen, "--metrics-listen": c.MetricsListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil && (addr != "" || flag == "--listen") {
			return fmt.Errorf("%s must be HOST:PORT, such as 127.0.0.1:8080 or :8080", flag)
		}
	}
	if u := c.PublicURL; u != nil && !isOrigin(u) {
		return errors.New("--public-url must be http or https with a host and no path, such as https://chat.example")
	}
	for _, u := range c.Origins {
		if !isOrigin(u) {
			return errors.New("--origins must be URLs with http or https, a host and no path, such as https://app.example")
		}
	}
	if c.Replica != "" && !replicaName.MatchString(c.Replica) {
		return errors.New("--replica must be 1 to 32 letters, digits, - or _")
	}
	if c.StoreFile != "" {
		content, err := os.ReadFile(c.StoreFile)
		if err != nil {
			return fmt.Errorf("--store-file: %w", err)
		}
		if c.Store = strings.TrimSpace(string(content)); c.Store == "" {
			return fmt.Errorf("--store-file: %s is empty", c.StoreFile)
		}
	}
	if c.StorePool < 5 {
		return errors.New("--store-pool must be at least 5")
	}
	if c.SessionLifetime < lifetime(time.Hour) || c.SessionLifetime > lifetime(400*day) {
		return errors.New("--session-lifetime must be 1h to 400d")
	}
	if c.RecoveryLifetime < lifetime(time.Minute) || c.RecoveryLifetime > lifetime(7*day) {
		return errors.New("--recovery-lifetime must be 1m to 7d")
	}
	if c.LimitSockets < 1 {
		return errors.New("--limit-sockets must be at least 1")
	}
	if c.LimitChats < 1 || c.LimitChats > middleware.MaxRate {
		return fmt.Errorf("--limit-chats must be 1 to %d", middleware.MaxRate)
	}
	if c.LimitText < 1 || c.LimitText > 16<<10 {
		return errors.New("--limit-text must be 1 to 16KiB")
	}
	if c.LimitBody < 32<<10 {
		return errors.New("--limit-body must be at least 32KiB, so that a message of the largest size fits")
	}
	return nil
}

// isOrigin reports whether a URL has a scheme and a host and nothing else.
func isOrigin(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

var replicaName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)

// socketIO returns the transports of Socket.IO clients. On MongoDB there may be other
// replicas, and without a name no load balancer can route to this one.
func (c *config) socketIO() server.SocketIO {
	switch {
	case c.Socketio != "auto":
		return server.SocketIO(c.Socketio)
	case c.Replica == "" && !strings.HasPrefix(c.Store, "sqlite:"):
		return server.SocketIOWebSocket
	}
	return server.SocketIOOn
}

// server returns the configuration of the Server.
func (c *config) server(db chat.Store, log *slog.Logger) server.Config {
	return server.Config{
		Store: db, Log: log, Web: web.Files, Version: version(),
		PublicURL: c.PublicURL, Registration: c.Registration, TrustedProxies: prefixes(c.TrustedProxies),
		Push: c.Push == "on", SocketIO: c.socketIO(), Replica: c.Replica, Origins: c.Origins,
		Lifetimes: server.Lifetimes{Session: time.Duration(c.SessionLifetime), Recovery: time.Duration(c.RecoveryLifetime)},
		Limits: server.Limits{Anonymous: c.LimitAnonymous, User: c.LimitUser, Posts: c.LimitPosts,
			Chats: c.LimitChats, Sockets: c.LimitSockets, Body: c.LimitBody, Text: c.LimitText,
			File: c.LimitFile, Uploads: c.LimitUploads, Storage: c.LimitStorage},
	}
}

// handler returns a handler that writes log lines to w in the configured format.
func (c *config) handler(w io.Writer) slog.Handler {
	if c.LogFormat == "json" {
		return slog.NewJSONHandler(w, nil)
	}
	return slog.NewTextHandler(w, nil)
}

// reachable returns an address to connect to for an address to listen on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// release is set by the linker (-X main.release=v1.2.3).
var release string

// version returns the version of the build.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
