package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"parley/chat"
)

const leaseTime = 400 * time.Millisecond

// acquire asks for the lease "push".
func acquire(t testing.TB, s chat.Store, holder string, ttl time.Duration) bool {
	t.Helper()
	held, err := s.AcquireLease(context.Background(), "push", holder, ttl)
	must(t, err)
	return held
}

// acquireLater asks for the lease until the holder gets it.
func acquireLater(t testing.TB, s chat.Store, holder string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !acquire(t, s, holder, time.Hour); {
		if time.Now().After(end) {
			t.Fatal("the lease does not end")
		}
	}
}

func leases(t *testing.T, open opener) {
	t.Run("one holder", func(t *testing.T) {
		s := open(t, t.TempDir())
		equal(t, "a free lease", acquire(t, s, "one", time.Hour), true)
		equal(t, "another holder", acquire(t, s, "two", time.Hour), false)
		equal(t, "renewed", acquire(t, s, "one", time.Hour), true)
		other, err := s.AcquireLease(context.Background(), "index", "two", time.Hour)
		must(t, err)
		equal(t, "another lease", other, true)
		must(t, s.ReleaseLease(context.Background(), "push", "two")) // it is not theirs
		equal(t, "after a release by another", acquire(t, s, "two", time.Hour), false)
		must(t, s.ReleaseLease(context.Background(), "push", "one"))
		must(t, s.ReleaseLease(context.Background(), "push", "one"))
		equal(t, "after the release", acquire(t, s, "two", time.Hour), true)
		equal(t, "of the one who released it", acquire(t, s, "one", time.Hour), false)
		odd := "$holder"
		must(t, s.ReleaseLease(context.Background(), "push", "two"))
		equal(t, "a holder with an odd name", acquire(t, s, odd, time.Hour), true)
		equal(t, "after that", acquire(t, s, "two", time.Hour), false)
	})
	t.Run("it ends", func(t *testing.T) {
		s := open(t, t.TempDir())
		equal(t, "a free lease", acquire(t, s, "one", leaseTime), true)
		renewed := time.Now()
		equal(t, "renewed", acquire(t, s, "one", leaseTime), true)
		acquireLater(t, s, "two")
		if had := time.Since(renewed); had < leaseTime {
			t.Errorf("it ended after %v", had)
		}
		equal(t, "renewed after another got it", acquire(t, s, "one", leaseTime), false)
		must(t, s.ReleaseLease(context.Background(), "push", "two"))
		equal(t, "shortened", acquire(t, s, "one", time.Hour) && acquire(t, s, "one", leaseTime), true)
		acquireLater(t, s, "two")
	})
	t.Run("a killed holder", func(t *testing.T) {
		dir := t.TempDir()
		must(t, open(t, dir).Close())
		holder, said := startHolder(t, dir)
		wantSaid(t, said, "held")
		must(t, holder.Process.Kill())
		_ = holder.Wait()
		acquireLater(t, open(t, dir), "heir")
	})
	t.Run("after Close", func(t *testing.T) {
		s := open(t, t.TempDir())
		must(t, s.Close())
		_, err := s.AcquireLease(context.Background(), "push", "one", time.Hour)
		wantError(t, err, chat.Unavailable)
		wantError(t, s.ReleaseLease(context.Background(), "push", "one"), chat.Unavailable)
	})
}

// leasesAcross tests that of the holders on several replicas one has the lease, and that a
// stopped one finds out that it lost it.
func leasesAcross(t *testing.T, open opener) {
	dir := t.TempDir()
	s := []chat.Store{open(t, dir), open(t, dir)}
	for round := range 20 {
		name := fmt.Sprint("lease ", round)
		var held [2]bool
		first, second := race(func(i int) (err error) {
			held[i], err = s[i].AcquireLease(context.Background(), name, fmt.Sprint("holder ", i), time.Hour)
			return err
		})
		must(t, first)
		must(t, second)
		equal(t, "one holder", held[0] != held[1], true)
	}
	holder, said := startHolder(t, dir)
	wantSaid(t, said, "held")
	for began := time.Now(); time.Since(began) < 3*leaseTime; { // it renews
		equal(t, "held by another process", acquire(t, s[0], "heir", leaseTime), false)
	}
	must(t, pause(holder.Process))
	acquireLater(t, s[0], "heir")
	must(t, resume(holder.Process))
	wantSaid(t, said, "lost")
	must(t, holder.Process.Kill())
	_ = holder.Wait()
}

// startHolder starts a process that holds the lease "push" until it loses it.
func startHolder(t *testing.T, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "PARLEY_LEASE_DIR="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill(); _, _ = io.Copy(io.Discard, out); _ = child.Wait() })
	return child, bufio.NewReader(out)
}

func wantSaid(t *testing.T, said *bufio.Reader, want string) {
	t.Helper()
	line, err := said.ReadString('\n')
	must(t, err)
	equal(t, "the holder says", line, want+"\n")
}

// holder is the process of startHolder.
func holder(s chat.Store) {
	say := func(word string) { _, _ = os.Stdout.WriteString(word + "\n") }
	for had := false; ; {
		held, err := s.AcquireLease(context.Background(), "push", "holder", leaseTime)
		switch {
		case err != nil:
			panic(err)
		case held && !had:
			say("held")
		case !held && had:
			say("lost")
			return
		}
		had = held
	}
}

// leasesAnyClock tests that the clocks of replicas do not matter.
func leasesAnyClock(t *testing.T, open clocked) {
	s, clock := ticking(t, open)
	equal(t, "a free lease", acquire(t, s, "one", time.Hour), true)
	clock.Add(1000 * 60 * minute)
	equal(t, "another holder, with a clock that is ahead", acquire(t, s, "two", time.Hour), false)
	clock.Store(1)
	equal(t, "renewed, with a clock that was set back", acquire(t, s, "one", leaseTime), true)
	acquireLater(t, s, "two")
}
