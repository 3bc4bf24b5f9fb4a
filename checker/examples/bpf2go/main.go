// Counts in what state tasks leave the processor, for a second. As root.
package main

import (
	"fmt"
	"log"
	"time"

	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
)

// Compiled, embedded, and held against the kernels in corecheck.toml: `go generate` fails where the object would not load.
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -target bpfel states ../states.bpf.c
//go:generate corecheck check states_bpfel.o

func main() {
	if err := rlimit.RemoveMemlock(); err != nil {
		log.Fatal(err)
	}
	var objects statesObjects
	if err := loadStatesObjects(&objects, nil); err != nil {
		log.Fatalf("%+v", err)
	}
	defer objects.Close()
	attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sched_switch", Program: objects.Count})
	if err != nil {
		log.Fatal(err)
	}
	defer attached.Close()
	time.Sleep(time.Second)
	var counts [2]uint64
	for index := range counts {
		if err := objects.Counts.Lookup(uint32(index), &counts[index]); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d left the processor runnable, %d waiting\n", counts[0], counts[1])
}
