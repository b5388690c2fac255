// A vCenter as govmomi's simulator has it, without a rule of ours: laxer than any real one, and without services beside
// the main one. Builds with the current library and with an older one that answers several times faster.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	load := flag.String("load", "", "a folder with an estate; without one the library makes its own")
	machines := flag.Int("machines", 0, "VMs per host of the library's own estate")
	certificate := flag.String("certificate", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	alone := flag.Bool("esxi", false, "an ESXi alone")
	flag.Parse()

	model := simulator.VPX()
	if *alone {
		model = simulator.ESX()
	}
	model.Machine = *machines
	if err := fill(model, *load); err != nil {
		log.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	if err != nil {
		log.Fatal(err)
	}
	service := model.Service
	service.Listen = &url.URL{Host: "127.0.0.1:0"}
	service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	service.ServeMux = http.NewServeMux()
	server := service.NewServer()
	if err = json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "https://" + server.URL.Host}); err != nil {
		log.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started us is gone
	server.Close()
	model.Remove()
}

func fill(model *simulator.Model, load string) error {
	if load != "" {
		return model.Load(load)
	}
	return model.Create()
}
