package main

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// tickets are a vCenter's word to one of its hosts that the bearer may make one request. The simulator hands some out
// that nobody asks for.
type tickets struct {
	mu   sync.Mutex
	open map[string]ticket
}

type ticket struct {
	user   string
	method string
	url    string
	until  time.Time
}

const ticketLife = 2 * time.Minute

func newTickets() *tickets { return &tickets{open: map[string]ticket{}} }

// Tickets stands in for a session's view of the SessionManager.
type Tickets struct {
	*simulator.SessionManager
	sim  *Sim
	user string
}

// dressSessionManager renews the view with each call, since it lists the sessions of its moment.
func (s *Sim) dressSessionManager(ctx *simulator.Context) {
	ref := *s.service().SessionManager
	fresh := &simulator.Session{UserSession: ctx.Session.UserSession, Registry: simulator.NewRegistry(), Map: ctx.Map}
	view := fresh.Get(ref).(*simulator.SessionManager)
	ctx.Session.Put(&Tickets{view, s, principal(ctx.Session.UserName)})
}

func (t *Tickets) AcquireGenericServiceTicket(_ *simulator.Context, request *types.AcquireGenericServiceTicket) soap.HasFault {
	body := &methods.AcquireGenericServiceTicketBody{}
	spec, yes := request.Spec.(*types.SessionManagerHttpServiceRequestSpec)
	if !yes {
		body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec"})
		return body
	}
	asked, err := url.Parse(spec.Url)
	if err != nil {
		body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec.url"})
		return body
	}
	id := uuid.NewString()
	t.sim.tickets.mu.Lock()
	defer t.sim.tickets.mu.Unlock()
	t.sim.tickets.open[id] = ticket{t.user, methodsOfTickets[spec.Method], asked.RequestURI(), time.Now().Add(ticketLife)}
	body.Res = &types.AcquireGenericServiceTicketResponse{
		Returnval: types.SessionManagerGenericServiceTicket{Id: id, HostName: asked.Hostname(), SslThumbprint: t.sim.thumbprintAt(asked.Hostname())},
	}
	return body
}

var methodsOfTickets = map[string]string{
	"": http.MethodGet, "httpGet": http.MethodGet, "httpHead": http.MethodHead, "httpPut": http.MethodPut,
}

// take is the user of a request's ticket, which is good for this request and no other.
func (t *tickets) take(r *http.Request) (string, bool) {
	cookie, err := r.Cookie("vmware_cgi_ticket")
	if err != nil {
		return "", false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	one, known := t.open[cookie.Value]
	delete(t.open, cookie.Value)
	if !known || time.Now().After(one.until) || one.method != r.Method || one.url != r.URL.RequestURI() {
		return "", false
	}
	return one.user, true
}

// visitor is who asks for a file: by a session or by a ticket.
func (s *Sim) visitor(r *http.Request) (string, bool) {
	if user, known := s.sessions.user(r); known {
		return user, true
	}
	return s.tickets.take(r)
}
