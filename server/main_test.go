package server

import (
	"testing"

	"go.uber.org/goleak"
)

// suite judges, after all tests, what they saw together.
type suite struct{ *testing.M }

func (m suite) Run() int {
	code := m.M.Run()
	if !documented() && code == 0 {
		code = 1
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }
