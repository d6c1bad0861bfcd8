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
	limit          = 100 * time.Millisecond // the p99 up to which a rate counts as carried
	mostDeliveries = "most deliveries at p99 ≤ 100 ms"
)

// most looks for the highest rate of which everything arrives in time.
func (b *bench) most(ctx context.Context, scenario string, a *audience, w world) error {
	var best outcome
	// A rate that was late has a second chance: somebody else's work on the
	// machine is not the server's failure. One that does not arrive has none.
	carried := func(rate float64) (bool, error) {
		for range 2 {
			o, err := a.hear(ctx, rate, b.long(2*time.Second), time.Second, w)
			if err != nil {
				return false, err
			}
			fmt.Printf("   %6.0f messages/s: %9.0f deliveries/s, p99 %v, %d of %d arrived, %d sockets lost\n",
				rate, o.perSecond(), o.p99().Round(100*time.Microsecond), o.got, o.sent, o.lost)
			arrived := o.got >= o.sent && o.lost == 0
			if arrived && o.p99() <= limit {
				if o.perSecond() > best.perSecond() {
					best = o
				}
				return true, nil
			}
			if err := a.renew(ctx); err != nil || !arrived {
				return false, err
			}
		}
		return false, nil
	}
	if err := search(100, 12_800, carried); err != nil {
		return err
	}
	b.add(scenario, a.t.name(), mostDeliveries, "/s", best.perSecond())
	if best.got > 0 {
		b.add(scenario, a.t.name(), "CPU per delivery at that rate", "µs", best.cpuEach())
		b.latency(scenario, a.t.name(), "send to delivery at that rate", best.took)
	}
	return nil
}

// search doubles a rate from low until it is not carried, and then halves the
// distance between the two three times.
func search(low, high float64, carried func(float64) (bool, error)) error {
	failed := 0.0
	rate := low
	low /= 2
	for ; rate <= high && failed == 0; rate *= 2 {
		ok, err := carried(rate)
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
		ok, err := carried(rate)
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

const aloneMost = "deliveries to sinks in its own process"

// measureCores gives the server one core and then two of the machine, which it
// shares with the load; and the hub, with the load away, by its own benchmark.
func measureCores(ctx context.Context, b *bench) error {
	w := world{people: b.size(1000)}
	w.spread(1, w.people)
	var targets []target
	for _, n := range []int{1, min(2, runtime.NumCPU())} {
		targets = append(targets, b.parley().on(n))
	}
	return b.each(ctx, w, targets, func(t target, p *process) error {
		a, err := gather(ctx, t, p, w.people, 16384)
		if err != nil {
			return err
		}
		err = b.most(ctx, "cores", a, w)
		a.leave()
		p.stop()
		if err != nil {
			return err
		}
		each, err := alone(ctx, t.(*parley).env)
		b.add("cores", t.name(), aloneMost, "/s", each)
		return err
	})
}

// alone runs BenchmarkCores, whose sinks work as long as a write takes.
func alone(ctx context.Context, env []string) (each float64, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "-", "-bench", "Cores$", "parley/hub")
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`([\d.]+) deliveries/s`).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("BenchmarkCores said %q", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func cores(n int) string { return (&parley{}).on(n).name() }
