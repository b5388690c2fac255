// A vCenter for tests: govmomi's simulator, made as strict as a real one where mtv would otherwise pass by luck.
// It reads a JSON file of settings, prints one line of JSON when it serves, and ends when its standard input is closed:
// whoever started it may die in any way, and leaves nothing running.
package main

import (
	"io"
	"log"
	"os"

	_ "github.com/vmware/govmomi/lookup/simulator"
	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/sts/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: vcenter SETTINGS.json")
	}
	settings, err := readSettings(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	sim, err := start(settings)
	if err != nil {
		log.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	sim.model.Remove()
}
