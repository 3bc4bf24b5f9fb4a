//! Numbers and texts as the store's file has them.

use thiserror::Error;

/// Bytes that are not as this program writes them: the store's file is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("damaged at byte {offset}: {what}")]
pub struct Damage {
    /// Bytes from the start of the part that was read.
    pub offset: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// What can be appended.
pub(super) trait Put {
    /// Seven bits to a byte, the lowest first (LEB128).
    fn put_number(&mut self, number: u64);
    /// A signed difference, the sign in the lowest bit.
    fn put_difference(&mut self, value: u64, from: u64);
    /// A name, with the NUL that no name holds.
    fn put_name(&mut self, name: &[u8]);
    /// Bytes with their length before them.
    fn put_bytes(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    #[inline]
    fn put_number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.push(number as u8);
    }

    fn put_difference(&mut self, value: u64, from: u64) {
        let difference = value.wrapping_sub(from) as i64;
        self.put_number((difference << 1 ^ difference >> 63) as u64);
    }

    fn put_name(&mut self, name: &[u8]) {
        self.extend_from_slice(name);
        self.push(0);
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_number(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

/// Reads what [`Put`] wrote.
#[derive(Debug, Clone)]
pub(super) struct Reader<'c> {
    bytes: &'c [u8],
    at: usize,
}

impl<'c> Reader<'c> {
    pub(super) fn new(bytes: &'c [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn damage(&self, what: &'static str) -> Damage {
        Damage { offset: self.at, what }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next byte, which stays where it is.
    pub(super) fn peek(&self) -> Result<u8, Damage> {
        self.bytes.get(self.at).copied().ok_or(self.damage("it ends too early"))
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.damage("a number has more than 64 bits"))
    }

    pub(super) fn number32(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.number()?).map_err(|_| self.damage("a number has more than 32 bits"))
    }

    pub(super) fn difference(&mut self, from: u64) -> Result<u64, Damage> {
        let folded = self.number()?;
        Ok(from.wrapping_add(folded >> 1 ^ (folded & 1).wrapping_neg()))
    }

    pub(super) fn name(&mut self) -> Result<&'c [u8], Damage> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(0, rest).ok_or(self.damage("a name does not end"))?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    /// How many elements follow, of at least `least` bytes each: no more than there is room for.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, Damage> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.left() / least {
            return Err(self.damage("it says that it has more elements than there is room for"));
        }
        Ok(count)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'c [u8], Damage> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(self.damage("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn bytes(&mut self) -> Result<&'c [u8], Damage> {
        let length = self.count(1)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'c str, Damage> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.damage("a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            bytes.put_number(number);
            bytes.put_difference(number, 1000);
            bytes.put_name(b"task_struct");
            bytes.put_bytes(b"a\0b");
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number(), Ok(number));
            assert_eq!(reader.difference(1000), Ok(number));
            assert_eq!(reader.name(), Ok(&b"task_struct"[..]));
            assert_eq!(reader.bytes(), Ok(&b"a\0b"[..]));
            assert_eq!(reader.left(), 0);
        }
    }

    #[test]
    fn damage_is_told_and_allocates_nothing() {
        assert!(Reader::new(&[0x80; 11]).number().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).number32().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0x03, 1]).count(1).is_err());
        assert!(Reader::new(b"no end").name().is_err());
        assert_eq!(Reader::new(&[5, b'x']).bytes().map_err(|damage| damage.offset), Err(1));
    }
}
