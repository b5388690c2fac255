package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The hosts of a vCenter at addresses of their own: 127.0.1.1, 127.0.1.2 and so on, all at the vCenter's port. They
// serve files to who brings a ticket; a vCenter's session means nothing to them. Their certificate is another one.

const hostDatacenter = "ha-datacenter" // an ESXi's own name for where its datastores are

func (s *Sim) serveHosts(simulated http.Handler) error {
	if s.settings.HostCertificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.settings.HostCertificate, s.settings.HostKey)
	if err != nil {
		return err
	}
	s.hostCertificate = &pair
	pem, err := os.ReadFile(s.settings.HostCertificate)
	if err != nil {
		return err
	}
	at, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	for number, host := range s.hosts() {
		address := fmt.Sprintf("127.0.1.%d", number+1)
		listener, err := net.Listen("tcp", net.JoinHostPort(address, at.Port()))
		if err != nil {
			return err
		}
		s.move(host, address, pem)
		mux := http.NewServeMux()
		mux.Handle("/folder/", s.folder(door{s.tickets.take, s.storesOf(host)}, simulated))
		server := &http.Server{Handler: s.faults.wrap(mux), ConnContext: rememberConnection}
		secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
		go func() { _ = server.Serve(secure) }()
	}
	return nil
}

func (s *Sim) hosts() []*simulator.HostSystem {
	var hosts []*simulator.HostSystem
	for _, entity := range s.registry().All("HostSystem") {
		hosts = append(hosts, entity.(*simulator.HostSystem))
	}
	slices.SortFunc(hosts, func(a, b *simulator.HostSystem) int { return strings.Compare(a.Name, b.Name) })
	return hosts
}

// move gives a host its address as its name, as it is where names are not resolved, and says which certificate it has.
func (s *Sim) move(host *simulator.HostSystem, address string, pem []byte) {
	ctx := s.background()
	ctx.WithLock(host, func() {
		ctx.Update(host, []types.PropertyChange{
			{Name: "name", Val: address}, {Name: "summary.config.name", Val: address},
			{Name: "summary.config.sslThumbprint", Val: thumbprintOf(s.hostCertificate)},
			{Name: "config.certificate", Val: types.ByteSlice(pem)},
		})
	})
}

func (s *Sim) storesOf(host *simulator.HostSystem) func(*http.Request) *simulator.Datastore {
	return func(r *http.Request) *simulator.Datastore {
		if strings.Trim(r.URL.Query().Get("dcPath"), "/") != hostDatacenter {
			return nil
		}
		store, known := s.registry().FindByName(r.URL.Query().Get("dsName"), host.Datastore).(*simulator.Datastore)
		if !known {
			return nil
		}
		return store
	}
}

// thumbprintAt is that of whoever answers at a host's name: the vCenter says it with each ticket.
func (s *Sim) thumbprintAt(name string) string {
	for _, entity := range s.registry().All("HostSystem") {
		if s.hostCertificate != nil && entity.(mo.Entity).Entity().Name == name {
			return thumbprintOf(s.hostCertificate)
		}
	}
	return s.thumbprint()
}
