// Relocates BPF objects with cilium/ebpf, and tells what it made of each instruction.
//
//	relocate BTF OBJECT...
//
// For each program of each object, with all functions that it calls, a line for every relocated instruction:
//
//	OBJECT <tab> PROGRAM <tab> insn <tab> FUNCTION <tab> NUMBER <tab> BYTES
//
// NUMBER counts instructions from the start of the function, BYTES is the instruction afterwards, in hexadecimal. Where
// cilium/ebpf gives up there is one line instead, `OBJECT PROGRAM error TEXT`; of an object that it does not read,
// `OBJECT - refused TEXT`.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// site is a relocated instruction.
type site struct {
	function string
	number   asm.RawInstructionOffset
	ins      *asm.Instruction
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: relocate BTF OBJECT...")
		os.Exit(2)
	}
	target, err := btf.LoadSpec(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "relocate: %s: %v\n", os.Args[1], err)
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, path := range os.Args[2:] {
		object(out, path, target)
	}
}

func object(out *bufio.Writer, path string, target *btf.Spec) {
	spec, err := ebpf.LoadCollectionSpec(path)
	if err != nil {
		fmt.Fprintf(out, "%s\t-\trefused\t%s\n", path, line(err))
		return
	}
	names := make([]string, 0, len(spec.Programs))
	for name := range spec.Programs {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sites, err := program(spec.Programs[name], target)
		if err != nil {
			fmt.Fprintf(out, "%s\t%s\terror\t%s\n", path, name, line(err))
			continue
		}
		for _, of := range sites {
			var raw bytes.Buffer
			if _, err := of.ins.Marshal(&raw, spec.ByteOrder); err != nil {
				fmt.Fprintf(out, "%s\t%s\terror\t%s\n", path, name, line(err))
				break
			}
			fmt.Fprintf(out, "%s\t%s\tinsn\t%s\t%d\t%s\n", path, name, of.function, of.number, hex.EncodeToString(raw.Bytes()))
		}
	}
}

// program does what a load does (applyRelocations in linker.go, which is not exported).
func program(spec *ebpf.ProgramSpec, target *btf.Spec) ([]site, error) {
	var relos []*btf.CORERelocation
	var sites []site
	function, start := "", asm.RawInstructionOffset(0)
	iter := spec.Instructions.Iterate()
	for iter.Next() {
		if symbol := iter.Ins.Symbol(); symbol != "" && btf.FuncMetadata(iter.Ins) != nil {
			function, start = symbol, iter.Offset
		}
		if relo := btf.CORERelocationMetadata(iter.Ins); relo != nil {
			relos = append(relos, relo)
			sites = append(sites, site{function, iter.Offset - start, iter.Ins})
		}
	}
	if len(relos) == 0 {
		return nil, nil
	}
	builder, err := btf.NewBuilder(nil, nil)
	if err != nil {
		return nil, err
	}
	fixups, err := btf.CORERelocate(relos, []*btf.Spec{target}, spec.ByteOrder, builder.Add)
	if err != nil {
		return nil, err
	}
	for at, fixup := range fixups {
		if err := fixup.Apply(sites[at].ins); err != nil {
			return nil, fmt.Errorf("fixup for %s: %w", relos[at], err)
		}
	}
	return sites, nil
}

// line is an error in one line.
func line(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
