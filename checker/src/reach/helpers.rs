//! What the verifier knows of what helpers return and write (`struct bpf_func_proto`, `check_helper_call`).

/// What a helper returns, as far as branches on it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    /// Any number.
    Number,
    /// An error or a length that is at most the size given in `r2` (`do_refine_retval_range`).
    Length,
    /// A number of which newer verifiers know bounds.
    Bounded,
    /// A value of a map, or null.
    MapValueOrNull,
    /// Another pointer, or null.
    PointerOrNull,
    /// A value of a map.
    MapValue,
    /// A pointer that is not null, of which not all verifiers know that.
    Pointer,
}

/// What the helper with this number returns (`enum bpf_func_id`).
pub(super) fn returns(helper: i32) -> Returns {
    match helper {
        // map_lookup_elem, map_lookup_percpu_elem
        1 | 195 => Returns::MapValueOrNull,
        // get_local_storage
        81 => Returns::MapValue,
        // sk_lookup_tcp, sk_lookup_udp, sk_fullsock, tcp_sock, get_listener_sock, skc_lookup_tcp, sk_storage_get,
        // ringbuf_reserve, skc_to_*, inode_storage_get, per_cpu_ptr, task_storage_get, sock_from_file, skc_to_unix_sock,
        // kptr_xchg, skc_to_mptcp_sock, dynptr_data, cgrp_storage_get
        84
        | 85
        | 95
        | 96
        | 98
        | 99
        | 107
        | 131
        | 136..=140
        | 145
        | 153
        | 156
        | 162
        | 178
        | 194
        | 196
        | 203
        | 210 => Returns::PointerOrNull,
        // this_cpu_ptr, get_current_task_btf, task_pt_regs
        154 | 158 | 175 => Returns::Pointer,
        // probe_read_str, probe_read_user_str, probe_read_kernel_str
        45 | 114 | 115 => Returns::Length,
        // get_smp_processor_id, get_stack, get_task_stack
        8 | 67 | 141 => Returns::Bounded,
        _ => Returns::Number,
    }
}

/// Which memory a helper may write, by the register that points to it and the one that has its size.
pub(super) fn writes(helper: i32) -> Writes {
    match helper {
        // probe_read, get_current_comm, probe_read_str, probe_read_user, probe_read_kernel, probe_read_user_str,
        // probe_read_kernel_str, copy_from_user, copy_from_user_task
        4 | 16 | 45 | 112..=115 | 148 | 191 => Writes::To { pointer: 1, size: 2 },
        // skb_load_bytes
        26 => Writes::To { pointer: 3, size: 4 },
        // Those that call back write nothing themselves.
        164 | 170 | 180 | 181 | 209 => Writes::Nothing,
        // map_lookup_elem, map_update_elem, map_delete_elem, trace_printk, perf_event_output, get_stackid,
        // ringbuf_output, map_push_elem, ringbuf_submit, ringbuf_discard, map_lookup_percpu_elem, trace_vprintk, seq_write
        1 | 2 | 3 | 6 | 25 | 27 | 87 | 127 | 130 | 132 | 133 | 177 | 195 => Writes::Nothing,
        _ => Writes::Anything,
    }
}

/// See [`writes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    /// It only reads.
    Nothing,
    /// So many bytes from there on.
    To {
        /// The register that points there.
        pointer: u8,
        /// The register with the size in bytes.
        size: u8,
    },
    /// Whatever its arguments point to.
    Anything,
}

/// Helpers that read so many bytes (`r2`) from an address (`r3`): probe_read, probe_read_user, probe_read_kernel.
pub(super) fn reads_field(helper: i32) -> bool {
    matches!(helper, 4 | 112 | 113)
}

/// What a helper calls back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callback {
    /// For each element of a map, with the context in `r3`.
    Elements,
    /// Later, by itself.
    Later,
    /// At most once, with a memory area, and the context in `r4`.
    Area,
    /// So often as `r1` says, with the context in `r3`.
    Loop,
    /// For each record of a user's ring buffer, with the context in `r3`.
    Records,
}

/// The callback of a helper, and the register that holds it.
pub(super) fn callback(helper: i32) -> Option<(Callback, u8)> {
    Some(match helper {
        // for_each_map_elem, timer_set_callback, find_vma, loop, user_ringbuf_drain
        164 => (Callback::Elements, 2),
        170 => (Callback::Later, 2),
        180 => (Callback::Area, 3),
        181 => (Callback::Loop, 2),
        209 => (Callback::Records, 2),
        _ => return None,
    })
}
