// Package mongotest starts a MongoDB for tests: a substitute that speaks the protocol
// of MongoDB, keeps its data when it is killed, and fails on demand. Its speed is not
// that of MongoDB.
package mongotest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const startTimeout = time.Minute

// Server is a test MongoDB with its own data on a free port of loopback. Its methods
// must not be called concurrently.
type Server struct {
	program, dir, port string
	flags              []string

	mu    sync.Mutex
	child *exec.Cmd // guarded by mu; nil after Kill
}

// Start starts a server that is stopped at the end of the test.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	s, err := Launch(flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server for a TestMain, which must call Stop. flags are further flags
// of the program.
func Launch(flags ...string) (*Server, error) {
	program, err := findProgram()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mongotest-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{program: program, dir: dir, port: port, flags: flags}
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// findProgram returns the path of the server: PARLEY_TEST_MONGO, or the program that
// make testmongo installed.
func findProgram() (string, error) {
	if program := os.Getenv("PARLEY_TEST_MONGO"); program != "" {
		return program, nil
	}
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			program := filepath.Join(dir, ".testmongo", "bin", "secantusd-py")
			if _, err := os.Stat(program); err != nil {
				return "", errors.New("the test MongoDB is not installed: run make testmongo")
			}
			return program, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return "", errors.Join(errors.New("the test MongoDB was not found: run the tests inside the repository"), err)
}

// freePort returns a port of loopback that is not in use.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// URL returns the URL of a database of the server.
func (s *Server) URL(database string) string {
	return URL(s.Addr(), database)
}

// URL returns the URL of a database of the server at an address. The heartbeat is twice
// a second, because the server does not report at once that a fault is over.
func URL(addr, database string) string {
	return "mongodb://" + addr + "/" + database + "?replicaSet=secantus&heartbeatFrequencyMS=500"
}

// Addr returns the host and port of the server.
func (s *Server) Addr() string { return "127.0.0.1:" + s.port }

// Restart starts the server after Kill, with the same port and data, and returns when
// it answers.
func (s *Server) Restart() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	child := exec.Command(s.program, append([]string{"--host", "127.0.0.1", "--port", s.port, "--storage-path", filepath.Join(s.dir, "data"),
		"--sync-on-commit", "--enable-test-commands"}, s.flags...)...)
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = killWithParent()
	if err := child.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.child = child
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if s.command(ctx, bson.D{{Key: "ping", Value: 1}}) == nil {
			return nil
		}
	}
	output, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("the test MongoDB did not start:\n%s", output)
}

// command runs a command on the admin database.
func (s *Server) command(ctx context.Context, command bson.D) error {
	c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + s.Addr() + "/?directConnection=true").SetServerSelectionTimeout(time.Second))
	if err != nil {
		return err
	}
	defer func() { _ = c.Disconnect(context.WithoutCancel(ctx)) }()
	return c.Database("admin").RunCommand(ctx, command).Err()
}

// Kill ends the server with SIGKILL, as a crash would, and waits for its end.
func (s *Server) Kill() {
	s.mu.Lock()
	child := s.child
	s.child = nil
	s.mu.Unlock()
	if child != nil {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
}

// Stop kills the server and removes its data.
func (s *Server) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// Fault is an error that the server produces on demand.
// https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
type Fault struct {
	Commands []string // such as insert, aggregate, getMore, commitTransaction
	Times    int      // number of commands that fail; 0: all until Heal
	Code     int      // the error code; not used if Close is set
	Close    bool     // close the connection instead of an error
	AppName  string   // application name of the affected clients; all if empty
}

// Fail activates a fault. It replaces an earlier one.
func (s *Server) Fail(t testing.TB, f Fault) {
	t.Helper()
	var mode any = "alwaysOn"
	if f.Times > 0 {
		mode = bson.D{{Key: "times", Value: f.Times}}
	}
	data := bson.D{{Key: "failCommands", Value: f.Commands}}
	if f.Close {
		data = append(data, bson.E{Key: "closeConnection", Value: true})
	} else {
		data = append(data, bson.E{Key: "errorCode", Value: f.Code})
	}
	if f.AppName != "" {
		data = append(data, bson.E{Key: "appName", Value: f.AppName})
	}
	s.configure(t, bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: mode}, {Key: "data", Value: data}})
}

// Heal deactivates the fault.
func (s *Server) Heal(t testing.TB) {
	t.Helper()
	s.configure(t, bson.D{{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: "off"}})
}

func (s *Server) configure(t testing.TB, command bson.D) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := s.command(ctx, command); err != nil {
		t.Fatal(err)
	}
}
