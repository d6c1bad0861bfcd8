package server

import (
	"testing"

	"go.uber.org/goleak"
)

// suite compares what all tests received with the documents after they have run.
type suite struct{ *testing.M }

func (m suite) Run() int {
	code := m.M.Run()
	for _, agree := range []func() bool{documented, exampled} {
		if !agree() && code == 0 {
			code = 1
		}
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }
