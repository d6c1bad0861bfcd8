// Package mongotest starts a MongoDB for tests: a stand-in that speaks the real
// protocol, keeps its data through a kill, and fails on demand. It says nothing
// about MongoDB's speed.
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
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const startTimeout = time.Minute

// Server is a running test MongoDB with data of its own, on a free port of
// loopback. Its methods are for one goroutine.
type Server struct {
	program, dir, port string
	flags              []string

	mu    sync.Mutex
	child *exec.Cmd // guarded by mu; nil: killed
}

// Start starts a server that ends with the test.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	s, err := Launch(flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server for a TestMain; Stop ends it. flags are further ones
// of the program.
func Launch(flags ...string) (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mongotest-")
	if err != nil {
		return nil, err
	}
	port, err := free()
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

// find gives the program: PARLEY_TEST_MONGO, or what make testmongo installed.
func find() (string, error) {
	if program := os.Getenv("PARLEY_TEST_MONGO"); program != "" {
		return program, nil
	}
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, there := os.Stat(filepath.Join(dir, "go.mod")); there == nil {
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

func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// URL names a database of the server.
func (s *Server) URL(database string) string {
	return URL(s.Addr(), database)
}

// URL names a database of the server at an address. The server does not say at
// once that it is well again after a fault: clients look twice a second.
func URL(addr, database string) string {
	return "mongodb://" + addr + "/" + database + "?replicaSet=secantus&heartbeatFrequencyMS=500"
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return "127.0.0.1:" + s.port }

// Restart starts the server again after Kill, on the same port and data, and
// returns when it answers.
func (s *Server) Restart() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	child := exec.Command(s.program, append([]string{"--host", "127.0.0.1", "--port", s.port, "--storage-path", filepath.Join(s.dir, "data"),
		"--sync-on-commit", "--enable-test-commands"}, s.flags...)...)
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = dieWithParent()
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
	said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("the test MongoDB did not start:\n%s", said)
}

// command runs one command of the admin database.
func (s *Server) command(ctx context.Context, command bson.D) error {
	c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + s.Addr() + "/?directConnection=true").SetServerSelectionTimeout(time.Second))
	if err != nil {
		return err
	}
	defer func() { _ = c.Disconnect(context.WithoutCancel(ctx)) }()
	return c.Database("admin").RunCommand(ctx, command).Err()
}

// Kill ends the server at once, as a crash would, and waits for its end.
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

// Pause stops the server where it is; its connections stay. Resume lets it go on.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume undoes Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child != nil {
		_ = s.child.Process.Signal(sig)
	}
}

// Stop kills the server and removes its data.
func (s *Server) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// Fault is what a server does wrong on purpose.
// https://github.com/mongodb/mongo/wiki/The-%22failCommand%22-fail-point
type Fault struct {
	Commands []string // such as insert, aggregate, getMore, commitTransaction
	Times    int      // how often; 0: until Heal
	Code     int      // an error with this code, or
	Close    bool     // the connection closes
	AppName  string   // of the clients that suffer; all if empty
}

// Fail orders a fault; it takes the place of an earlier one.
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

// Heal ends the fault.
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
