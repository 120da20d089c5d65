package ghtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Fault makes requests fail as GitHub, or the network before it, does.
type Fault struct {
	Operation string // id of the operation it strikes ("checks/create", "git/upload-pack"), any when empty
	Path      string // part of the path it strikes, any when empty
	After     int    // let so many matching requests pass first
	Times     int    // strike so often, then be over; 0 is for ever

	Delay   time.Duration // wait before anything else; alone it only slows down
	Drop    bool          // close the connection without an answer
	Status  int           // answer this instead of running the operation
	Message string
	Header  map[string]string
}

// Inject adds a fault; the first that matches strikes.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// PrimaryLimit is the answer when the hourly budget is used up.
func PrimaryLimit(reset time.Time) Fault {
	return Fault{Times: 1, Status: http.StatusForbidden, Message: "API rate limit exceeded for installation.",
		Header: map[string]string{"X-Ratelimit-Limit": "5000", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Used": "5000", "X-Ratelimit-Reset": fmt.Sprint(reset.Unix())}}
}

// SecondaryLimit is the answer to too many requests at once; retryAfter 0 leaves
// the header out, as GitHub may.
func SecondaryLimit(retryAfter time.Duration) Fault {
	f := Fault{Times: 1, Status: http.StatusForbidden, Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", Header: map[string]string{}}
	if retryAfter > 0 {
		f.Header["Retry-After"] = fmt.Sprint(int(retryAfter.Seconds()))
	}
	return f
}

// TooManyRequests is the 429 form of a limit.
func TooManyRequests(retryAfter time.Duration) Fault {
	f := SecondaryLimit(retryAfter)
	f.Status = http.StatusTooManyRequests
	return f
}

func (s *Server) takeFault(r Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times == 0 || f.Operation != "" && f.Operation != r.Operation || !strings.Contains(r.Path, f.Path) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		played := *f
		return &played
	}
	return nil
}

// play acts the fault out. done says that nothing more is to be written; a
// zero status that the operation runs as usual.
func (f *Fault) play(w http.ResponseWriter, r *http.Request, now time.Time) (out reply, done bool) {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return out, true
		}
	}
	if f.Drop {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close() // that is the fault
		}
		return out, true
	}
	if f.Status == 0 {
		return out, false
	}
	message := f.Message
	if message == "" {
		message = http.StatusText(f.Status)
	}
	out = fail(f.Status, message)
	out.header.Set("Date", now.UTC().Format(http.TimeFormat))
	for k, v := range f.Header {
		out.header.Set(k, v)
	}
	return out, false
}
