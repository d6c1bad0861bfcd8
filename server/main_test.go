package server

import (
	"testing"

	"go.uber.org/goleak"
)

// suite compares the answers of all tests with the document after they have run.
type suite struct{ *testing.M }

func (m suite) Run() int {
	code := m.M.Run()
	if !documented() && code == 0 {
		code = 1
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }
