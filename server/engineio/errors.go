package engineio

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// failure is one of the errors that clients know.
type failure struct {
	code    int
	status  int
	message string
}

var (
	unknownTransport = failure{0, http.StatusBadRequest, "Transport unknown"}
	unknownSid       = failure{1, http.StatusBadRequest, "Session ID unknown"}
	badMethod        = failure{2, http.StatusBadRequest, "Bad handshake method"}
	badRequest       = failure{3, http.StatusBadRequest, "Bad request"}
	tooLarge         = failure{3, http.StatusRequestEntityTooLarge, "Payload too large"}
	unknownVersion   = failure{5, http.StatusBadRequest, "Unsupported protocol version"}
)

// errStopped is passed to Config.Refuse after Close.
var errStopped = errors.New("engineio: closed")

// refuse answers with an error. detail, if any, says more.
func refuse(w http.ResponseWriter, f failure, detail string) {
	message := f.message
	if detail != "" {
		message += ": " + detail
	}
	body, _ := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{f.code, message})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}

// answer answers with packets.
func answer(w http.ResponseWriter, payload []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(payload) // fails if the client is gone
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// plainOrigin reports whether the Origin header has no control characters.
func plainOrigin(r *http.Request) bool {
	for _, c := range []byte(r.Header.Get("Origin")) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
