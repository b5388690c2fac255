package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// faults spoil answers on demand: at the level of HTTP here, at that of SOAP by the simulator's own FaultInjector.
type faults struct {
	mu    sync.Mutex
	rules []*spoiled
	Count map[string]int // requests by the first part of their path
}

// spoiled is one rule: which requests, how, how often.
type spoiled struct {
	Path       string `json:"path"`         // the beginning of the request's path
	Contains   string `json:"contains"`     // what else the path has to hold
	Kind       string `json:"kind"`         // status, reset, hang, truncate
	Status     int    `json:"status"`       // of kind status
	AfterBytes int64  `json:"after_bytes"`  // of reset, hang and truncate: so much of the answer is sent first
	Skip       int    `json:"skip"`         // so many requests pass first
	Times      int    `json:"times"`        // 0: for ever
	Seconds    int    `json:"retry_after"`  // of status: the Retry-After that is sent
	Body       string `json:"body"`         // of status: what is sent, such as a proxy's page
	Type       string `json:"content_type"` // of status
	used       int
}

func newFaults() *faults { return &faults{Count: map[string]int{}} }

func (f *faults) add(rule *spoiled) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, rule)
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

func (f *faults) rule(r *http.Request) *spoiled {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := strings.SplitN(strings.Trim(r.URL.Path, "/"), "/", 2)[0]
	f.Count[first]++
	for _, rule := range f.rules {
		if !strings.HasPrefix(r.URL.Path, rule.Path) || !strings.Contains(r.URL.Path, rule.Contains) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Times > 0 && rule.used >= rule.Times {
			continue
		}
		rule.used++
		return rule
	}
	return nil
}

func (f *faults) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rule := f.rule(r)
		switch {
		case rule == nil:
			next.ServeHTTP(w, r)
		case rule.Kind == "status":
			rule.answer(w)
		default:
			limited := &limited{ResponseWriter: w, rule: rule, request: r}
			if rule.AfterBytes == 0 {
				limited.spoil()
			}
			next.ServeHTTP(limited, r)
			if rule.Kind == "truncate" {
				panic(http.ErrAbortHandler)
			}
		}
	})
}

func (s *spoiled) answer(w http.ResponseWriter) {
	if s.Seconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(s.Seconds))
	}
	if s.Type != "" {
		w.Header().Set("Content-Type", s.Type)
	}
	w.WriteHeader(s.Status)
	_, _ = w.Write([]byte(s.Body))
}

// limited lets so many bytes pass, and then does what its rule says.
type limited struct {
	http.ResponseWriter
	rule    *spoiled
	request *http.Request
	sent    int64
}

func (l *limited) Write(data []byte) (int, error) {
	left := l.rule.AfterBytes - l.sent
	if int64(len(data)) <= left {
		count, err := l.ResponseWriter.Write(data)
		l.sent += int64(count)
		return count, err
	}
	_, _ = l.ResponseWriter.Write(data[:left])
	if flusher, yes := l.ResponseWriter.(http.Flusher); yes {
		flusher.Flush()
	}
	l.spoil()
	return 0, net.ErrClosed
}

func (l *limited) spoil() {
	switch l.rule.Kind {
	case "reset":
		reset(l.request)
	case "hang":
		<-l.request.Context().Done() // until the client has enough
	}
	panic(http.ErrAbortHandler)
}

type connectionKey struct{}

func rememberConnection(ctx context.Context, connection net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connection)
}

// reset ends a connection as a failing network does: by RST, without TLS's good-bye.
func reset(r *http.Request) {
	connection, _ := r.Context().Value(connectionKey{}).(net.Conn)
	if secure, yes := connection.(*tls.Conn); yes {
		connection = secure.NetConn()
	}
	if plain, yes := connection.(*net.TCPConn); yes {
		_ = plain.SetLinger(0)
		_ = plain.Close()
	}
}

// injected is a rule for the simulator's FaultInjector.
type injected struct {
	Method string `json:"method"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Fault  string `json:"fault"`
	Reason string `json:"reason"`
	Skip   int    `json:"skip"`
	Times  int    `json:"times"`
	Delay  int    `json:"delay_ms"`
}

func (s *Sim) inject(rule injected) error {
	kind, known := types.TypeFunc()(rule.Fault)
	if !known {
		return fmt.Errorf("no fault is called %s", rule.Fault)
	}
	fault, yes := reflect.New(kind).Interface().(types.BaseMethodFault)
	if !yes {
		return fmt.Errorf("%s is no fault", rule.Fault)
	}
	s.model.Service.AddFaultRule(&simulator.FaultInjectionRule{
		MethodName: rule.Method, ObjectType: orAll(rule.Type), ObjectName: orAll(rule.Name), Probability: 1,
		FaultType: simulator.FaultTypeCustom, Fault: fault, Message: rule.Reason, SkipCount: rule.Skip,
		MaxCount: rule.Times, Delay: rule.Delay, Enabled: true,
	})
	return nil
}

func orAll(name string) string {
	if name == "" {
		return "*"
	}
	return name
}
