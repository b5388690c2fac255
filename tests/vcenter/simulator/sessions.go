package main

import (
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions knows who is logged in, since when each has been idle, and how often passwords were refused.
type sessions struct {
	sim    *Sim
	mu     sync.Mutex
	open   map[string]*session
	Logins map[string]*attempts
}

type session struct {
	User   string
	Agent  string
	Since  time.Time
	seen   time.Time
	own    *simulator.Registry
	inside int // calls that are being answered: a session that waits for updates is not idle
}

type attempts struct {
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
}

func newSessions(sim *Sim) *sessions {
	return &sessions{sim: sim, open: map[string]*session{}, Logins: map[string]*attempts{}}
}

// valid is the simulator's question for a password. As with vCenter's SSO, who is wrong too often is locked out,
// and then even the right password is refused.
func (s *sessions) valid(request *types.Login) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := principal(request.UserName)
	tried := s.Logins[user]
	if tried == nil {
		tried = &attempts{}
		s.Logins[user] = tried
	}
	limit := s.sim.timing.get().LockOutAfter
	locked := limit > 0 && int64(tried.Refused) >= limit
	if password, known := s.sim.settings.Accounts[user]; !known || password != request.Password || locked {
		tried.Refused++
		return false
	}
	tried.Accepted++
	return true
}

// principal is one spelling for DOMAIN\user and user@domain.
func principal(name string) string {
	if domain, user, both := strings.Cut(name, `\`); both {
		name = user + "@" + domain
	}
	return strings.ToLower(name)
}

// Logins stands in for the SessionManager as long as there is no session.
type Logins struct {
	*simulator.SessionManager
	sim *Sim
}

// Login refuses an account that has no permission anywhere, as the reference says: "if the user and password are
// valid, but the user has no access granted".
func (l *Logins) Login(ctx *simulator.Context, request *types.Login) soap.HasFault {
	result := l.SessionManager.Login(ctx, request)
	if body := result.(*methods.LoginBody); body.Res != nil {
		if !l.sim.rights.anywhere(principal(request.UserName)) {
			l.sim.sessions.end(body.Res.Returnval.Key)
			root := l.sim.service().RootFolder
			return &methods.LoginBody{Fault_: simulator.Fault("", &types.NoPermission{Object: &root, PrivilegeId: "System.View"})}
		}
		l.sim.sessions.begin(ctx, body.Res.Returnval)
	}
	return result
}

func (l *Logins) CloneSession(ctx *simulator.Context, request *types.CloneSession) soap.HasFault {
	result := l.SessionManager.CloneSession(ctx, request)
	if body := result.(*methods.CloneSessionBody); body.Res != nil {
		l.sim.sessions.begin(ctx, body.Res.Returnval)
	}
	return result
}

func (s *sessions) begin(ctx *simulator.Context, login types.UserSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.open[login.Key] = &session{
		User: principal(login.UserName), Agent: ctx.Session.UserAgent, Since: now, seen: now, own: ctx.Session.Registry,
	}
}

// registries are those with each session's own objects.
func (s *sessions) registries() []*simulator.Registry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*simulator.Registry
	for _, one := range s.open {
		all = append(all, one.own)
	}
	return all
}

// admit refuses a session that was idle for too long, and what the simulator would let pass without any: a vCenter
// shows strangers only what it needs to let them log in.
func (s *sessions) admit(ctx *simulator.Context, method *simulator.Method) types.BaseMethodFault {
	if ctx.Session == nil {
		switch method.Name {
		case "RetrieveProperties", "RetrievePropertiesEx", "Fetch":
			if on, path := fetched(method.Body); s.sim.rights.Properties[on.Type][path] == "System.Anonymous" {
				return nil
			}
			return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"}}
		}
		return nil
	}
	if !s.known(ctx.Session.Key) {
		return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"}}
	}
	switch method.Name {
	case "Logout":
		s.forget(ctx.Session.Key)
	case "TerminateSession":
		for _, key := range method.Body.(*types.TerminateSession).SessionId {
			s.forget(key)
		}
	}
	return nil
}

func (s *sessions) known(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[key] != nil
}

// expire ends sessions that were idle for too long.
func (s *sessions) expire() {
	limit := milliseconds(s.sim.timing.get().SessionIdle)
	s.mu.Lock()
	var late []string
	for key, one := range s.open {
		if one.inside == 0 && time.Since(one.seen) > limit {
			late = append(late, key)
		}
	}
	s.mu.Unlock()
	for _, key := range late {
		s.end(key)
	}
}

// end ends a session from the server's side; its leases go with it.
func (s *sessions) end(key string) {
	ctx := s.sim.background()
	ctx.Session.Key = "the server itself"
	request := &types.TerminateSession{SessionId: []string{key}}
	if fault := s.sim.registry().SessionManager().TerminateSession(ctx, request).Fault(); fault != nil {
		log.Printf("session of %v was gone already", key)
	}
	s.forget(key)
}

func (s *sessions) forget(key string) {
	s.mu.Lock()
	delete(s.open, key)
	s.mu.Unlock()
	s.sim.leases.endSession(key)
	s.sim.registry().RemoveHandler(&listener{session: key})
}

// user of the session whose key a cookie holds; quotes are how VMware writes it.
func (s *sessions) user(request *http.Request) (string, bool) {
	cookie, err := request.Cookie(soap.SessionCookieName)
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.open[strings.Trim(cookie.Value, `"`)]
	if !known {
		return "", false
	}
	return one.User, true
}

// wrap notes when each session called last. Only calls count: reading a file does not keep a session alive.
func (s *sessions) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie(soap.SessionCookieName); err == nil && !strings.HasPrefix(r.URL.Path, "/folder") {
			key := strings.Trim(cookie.Value, `"`)
			s.touch(key, 1)
			defer s.touch(key, -1)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *sessions) touch(key string, inside int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, known := s.open[key]; known {
		one.seen = time.Now()
		one.inside += inside
	}
}
