//! BPF instructions: 8 bytes each, decoded with the byte order of their object.

use corecheck_layouts::btf::Endian;

/// One instruction, or one of the two slots of a 64-bit load of a constant (`struct bpf_insn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Insn {
    /// The operation.
    pub code: u8,
    /// Destination register, 0 to 15 as encoded.
    pub dst: u8,
    /// Source register, or what the immediate means (`BPF_PSEUDO_*`), 0 to 15 as encoded.
    pub src: u8,
    /// Offset: in bytes for loads and stores, in instructions for jumps.
    pub off: i16,
    /// The immediate.
    pub imm: i32,
}

impl Insn {
    /// Size in bytes of an instruction.
    pub const SIZE: usize = 8;
    /// `code` of the first slot of a 64-bit load of a constant (`BPF_LD | BPF_IMM | BPF_DW`).
    pub const LD_IMM64: u8 = 0x18;
    /// `code` of a call (`BPF_JMP | BPF_CALL`).
    pub const CALL: u8 = 0x85;
    /// `src` of a call to another BPF function (`BPF_PSEUDO_CALL`).
    pub const PSEUDO_CALL: u8 = 1;
    /// `src` of a call to a kernel function (`BPF_PSEUDO_KFUNC_CALL`).
    pub const PSEUDO_KFUNC_CALL: u8 = 2;
    /// `src` of a 64-bit load of a BPF function's address (`BPF_PSEUDO_FUNC`).
    pub const PSEUDO_FUNC: u8 = 4;

    /// Decodes 8 bytes. On big endian the two registers change places within their byte.
    pub fn decode(endian: Endian, raw: [u8; Self::SIZE]) -> Self {
        let [code, registers, o0, o1, i0, i1, i2, i3] = raw;
        let (low, high) = (registers & 0xf, registers >> 4);
        match endian {
            Endian::Little => Self {
                code,
                dst: low,
                src: high,
                off: i16::from_le_bytes([o0, o1]),
                imm: i32::from_le_bytes([i0, i1, i2, i3]),
            },
            Endian::Big => Self {
                code,
                dst: high,
                src: low,
                off: i16::from_be_bytes([o0, o1]),
                imm: i32::from_be_bytes([i0, i1, i2, i3]),
            },
        }
    }

    /// Whether this is the first slot of a 64-bit load of a constant.
    pub fn is_ld_imm64(self) -> bool {
        self.code == Self::LD_IMM64
    }

    /// Whether this is a call of any sort.
    pub fn is_call(self) -> bool {
        self.code == Self::CALL
    }

    /// Whether this is a call to another BPF function.
    pub fn is_bpf_call(self) -> bool {
        self.is_call() && self.src == Self::PSEUDO_CALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_give_the_same_instruction() {
        let expected = Insn { code: 0x79, dst: 1, src: 2, off: -2, imm: 0x0102_0304 };
        let little = [0x79, 0x21, 0xfe, 0xff, 4, 3, 2, 1];
        let big = [0x79, 0x12, 0xff, 0xfe, 1, 2, 3, 4];
        assert_eq!(Insn::decode(Endian::Little, little), expected);
        assert_eq!(Insn::decode(Endian::Big, big), expected);
    }

    #[test]
    fn a_helper_call_is_not_a_call_to_bpf() {
        let helper = Insn { code: Insn::CALL, imm: 1, ..Insn::default() };
        assert!(helper.is_call() && !helper.is_bpf_call());
        assert!(Insn { src: Insn::PSEUDO_CALL, ..helper }.is_bpf_call());
    }
}
