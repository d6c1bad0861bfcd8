package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

const (
	latencyLimit  = 100 * time.Millisecond // the highest p99 at which a rate counts as sustained
	maxDeliveries = "maximum deliveries at p99 ≤ 100 ms"
	notReached    = "not reached"
)

// findMaxRate searches for the highest rate at which everything arrives in time. The figure is
// 0, shown as notReached, if that is the case at none.
func (b *bench) findMaxRate(ctx context.Context, scenario string, a *receivers, pop population) error {
	var best outcome
	// A rate whose deliveries were late is tried twice, because other load on the
	// machine may be the reason. A rate whose deliveries were lost is not.
	sustained := func(rate float64) (bool, error) {
		for range 2 {
			o, err := a.runLoad(ctx, rate, b.duration(2*time.Second), time.Second, pop)
			if err != nil {
				return false, err
			}
			fmt.Printf("   %6.0f messages/s: %9.0f deliveries/s, p99 %v, %d of %d arrived, %d sockets lost\n",
				rate, o.perSecond(), o.p99().Round(100*time.Microsecond), o.got, o.sent, o.lost)
			arrived := o.got >= o.sent && o.lost == 0
			if arrived && o.p99() <= latencyLimit {
				if o.perSecond() > best.perSecond() {
					best = o
				}
				return true, nil
			}
			if err := a.redial(ctx); err != nil || !arrived {
				return false, err
			}
		}
		return false, nil
	}
	if err := searchRate(100, 12_800, sustained); err != nil {
		return err
	}
	b.add(scenario, a.t.name(), maxDeliveries, "/s", best.perSecond())
	if best.got == 0 {
		fmt.Printf("   %s: %s\n", maxDeliveries, notReached)
	} else {
		b.add(scenario, a.t.name(), "CPU per delivery at that rate", "µs", best.cpuEach())
		b.addLatency(scenario, a.t.name(), "send to delivery at that rate", best.took)
	}
	return nil
}

// searchRate doubles a rate from low until it is not sustained, and then bisects the
// range three times.
func searchRate(low, high float64, sustained func(float64) (bool, error)) error {
	failed := 0.0
	rate := low
	low /= 2
	for ; rate <= high && failed == 0; rate *= 2 {
		ok, err := sustained(rate)
		if err != nil {
			return err
		}
		if ok {
			low = rate
		} else {
			failed = rate
		}
	}
	for range 3 {
		if failed == 0 {
			return nil
		}
		rate := (low + failed) / 2
		ok, err := sustained(rate)
		if err != nil {
			return err
		}
		if ok {
			low = rate
		} else {
			failed = rate
		}
	}
	return nil
}

const hubDeliveries = "deliveries to sinks in its own process"

// measureCores measures the server with one core and with two, which it shares with the
// load, and the hub without that load, by its own benchmark.
func measureCores(ctx context.Context, b *bench) error {
	pop := population{people: b.count(1000)}
	pop.fillRooms(1, pop.people)
	var targets []target
	for _, n := range []int{1, min(2, runtime.NumCPU())} {
		targets = append(targets, b.parley().withCores(n))
	}
	return b.measureEach(ctx, pop, targets, func(t target, p *process) error {
		a, err := dialReceivers(ctx, t, p, pop.people, 16384)
		if err != nil {
			return err
		}
		err = b.findMaxRate(ctx, "cores", a, pop)
		a.close()
		p.stop()
		if err != nil {
			return err
		}
		each, err := benchmarkHub(ctx, t.(*parley).env)
		b.add("cores", t.name(), hubDeliveries, "/s", each)
		return err
	})
}

// benchmarkHub runs BenchmarkCores of the hub and returns its deliveries per second.
func benchmarkHub(ctx context.Context, env []string) (each float64, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "-", "-bench", "Cores$", "parley/hub")
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`([\d.]+) deliveries/s`).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("unexpected output of BenchmarkCores: %q", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// coresName returns the name of Parley with n cores.
func coresName(n int) string { return (&parley{}).withCores(n).name() }
