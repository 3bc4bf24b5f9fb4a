// Loads BPF objects into the running kernel with cilium/ebpf, each program for itself, and prints what the library says of those that
// are refused, as its users see it.
//
//	load [-btf FILE] OBJECT...
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"sort"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
)

func main() {
	file := flag.String("btf", "", "the kernel's types, instead of the running kernel's own")
	flag.Parse()
	if err := rlimit.RemoveMemlock(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	var options ebpf.CollectionOptions
	if *file != "" {
		types, err := btf.LoadSpec(*file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(2)
		}
		options.Programs.KernelTypes = types
	}
	for _, path := range flag.Args() {
		if err := load(path, options); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(2)
		}
	}
}

func load(path string, options ebpf.CollectionOptions) error {
	spec, err := ebpf.LoadCollectionSpec(path)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(spec.Programs))
	for name := range spec.Programs {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		one := spec.Copy()
		for other := range one.Programs {
			if other != name {
				delete(one.Programs, other)
			}
		}
		collection, err := ebpf.NewCollectionWithOptions(one, options)
		if err == nil {
			collection.Close()
			continue
		}
		fmt.Printf("%v\n", err)
		var refused *ebpf.VerifierError
		if errors.As(err, &refused) {
			fmt.Printf("%+v\n", refused)
		}
	}
	return nil
}
