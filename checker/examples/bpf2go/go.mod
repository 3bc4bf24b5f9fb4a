module example.org/states

go 1.24

require github.com/cilium/ebpf v0.22.0
