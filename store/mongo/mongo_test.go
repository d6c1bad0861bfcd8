package mongo_test

import (
	"hash/fnv"
	"os"
	"regexp"
	"strconv"
	"testing"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
	"parley/store/storetest"
)

// where is the address of the server for a process that Crash kills.
const where = "PARLEY_CRASH_MONGO"

var server *mongotest.Server

func TestMain(m *testing.M) {
	storetest.Main(m, open, func() (end func(), err error) {
		// The stand-in reads its whole oplog to open a feed, so its length is bounded.
		if server, err = mongotest.Launch("--oplog-max-entries", "20000"); err != nil {
			return nil, err
		}
		return server.Stop, os.Setenv(where, server.Addr())
	})
}

func TestShared(t *testing.T) {
	storetest.Shared(t, open,
		losing(failing("the oplog no longer has the token", mongotest.Fault{Commands: []string{"getMore"}, Code: 286, AppName: "parley feed"})),
		failing("inserts conflict", mongotest.Fault{Commands: []string{"insert"}, Times: 20, Code: 112}),
		failing("inserts lose their connection", mongotest.Fault{Commands: []string{"insert"}, Times: 20, Close: true}),
		failing("the primary stops during inserts", mongotest.Fault{Commands: []string{"insert"}, Times: 4, Code: 91}),
		failing("the primary steps down during inserts", mongotest.Fault{Commands: []string{"insert"}, Times: 4, Code: 189}),
		failing("commits lose their connection", mongotest.Fault{Commands: []string{"commitTransaction"}, Times: 6, Close: true}),
		failing("commits conflict", mongotest.Fault{Commands: []string{"commitTransaction"}, Times: 6, Code: 112}),
		failing("the primary stops during commits", mongotest.Fault{Commands: []string{"commitTransaction"}, Times: 3, Code: 91}),
		failing("reads lose their connection", mongotest.Fault{Commands: []string{"find", "aggregate", "getMore"}, Times: 20, Close: true}),
		failing("streams lose their connection", mongotest.Fault{Commands: []string{"getMore", "aggregate"}, Times: 9, Close: true, AppName: "parley feed"}),
		failing("the primary steps down under streams", mongotest.Fault{Commands: []string{"getMore", "aggregate"}, Times: 3, Code: 189, AppName: "parley feed"}),
		storetest.Failure{Name: "the server is killed", Around: func(t *testing.T, work func()) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for range 2 {
					server.Kill()
					if err := server.Restart(); err != nil {
						t.Error(err)
					}
				}
			}()
			work()
			<-ended
		}},
	)
}

func TestStore(t *testing.T) {
	storetest.Run(t, open)
	t.Run("OldTexts", oldTexts) // before Plans, which includes its queries
	t.Run("Plans", func(t *testing.T) { mongo.Plans(t, open(t, t.TempDir()).(*mongo.DB)) })
}

func TestCalls(t *testing.T) { mongo.Calls(t, open(t, t.TempDir()).(*mongo.DB)) }

func TestClocks(t *testing.T) {
	storetest.Clocks(t, openAt)
	t.Run("Skewed", func(t *testing.T) { storetest.Skewed(t, openAt) })
}

func openAt(t testing.TB, dir string, now func() int64) chat.Store {
	t.Helper()
	s := open(t, dir)
	mongo.SetClock(s.(*mongo.DB), now)
	return s
}

func losing(t storetest.Failure) storetest.Failure {
	t.LosesFeed = true
	return t
}

// failing returns a failure that the server injects.
func failing(name string, f mongotest.Fault) storetest.Failure {
	return storetest.Failure{Name: name, Around: func(t *testing.T, work func()) {
		server.Fail(t, f)
		work()
		server.Heal(t)
	}}
}

func TestCrash(t *testing.T) { storetest.Crash(t, 8, open) }

// opensFeeds matches the cases that open feeds over and over, or write much beside one.
var opensFeeds = regexp.MustCompile(`/(FeedLost|Close|the_oplog_no_longer_has_the_token)$`)

// ownServer is the case that has a server of its own.
var ownServer string

// startOwn starts a server for a case that opensFeeds matches, until its end: the stand-in
// reads its whole oplog to find where a feed begins.
func startOwn(t testing.TB) {
	t.Helper()
	if !opensFeeds.MatchString(t.Name()) || ownServer == t.Name() {
		return
	}
	own, err := mongotest.Launch()
	if err != nil {
		t.Fatal(err)
	}
	use := func(s *mongotest.Server, name string) {
		server, ownServer = s, name
		if err := os.Setenv(where, s.Addr()); err != nil {
			t.Error(err)
		}
	}
	shared := server
	use(own, t.Name())
	t.Cleanup(func() { use(shared, ""); own.Stop() })
}

// open opens the database whose name is derived from dir; t is nil in a process that will
// be killed.
func open(t testing.TB, dir string) chat.Store {
	if t != nil {
		startOwn(t)
	}
	s, err := mongo.OpenForTest(mongotest.URL(os.Getenv(where), databaseOf(dir)))
	if t == nil {
		if err != nil {
			panic(err)
		}
		return s
	}
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// databaseOf returns the name of the database that open opens.
func databaseOf(dir string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir))
	return "t" + strconv.FormatUint(h.Sum64(), 36)
}
