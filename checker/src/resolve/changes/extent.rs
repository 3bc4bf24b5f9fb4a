//! How far a copy of a field is what the program believes.

/// The field in the object's own types and in the target, where a copy of the whole is not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Its size in bytes by the object's own types.
    pub local: u32,
    /// Its size in bytes in the target.
    pub target: u32,
    /// How many bytes from its start on are laid out as the program believes.
    pub alike: u32,
    /// A part of it is no smaller one of its kind: a number or pointer. Of an array the first elements are.
    pub is_number: bool,
}

/// What is wrong with the length of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Misread {
    /// It ends before the number does.
    Part,
    /// It goes on beyond the end of the field.
    Beyond,
    /// It has members that lie elsewhere.
    Moved,
}

impl Extent {
    /// What is wrong in the target with a copy of this many bytes, and was right by the object's own types.
    ///
    /// A copy that goes beyond the field there too, or takes a part of a number on purpose, is the program's own affair, as long
    /// as it stays within the target's field.
    pub fn misread(&self, bytes: u32) -> Option<Misread> {
        if bytes > self.local {
            None
        } else if bytes > self.target {
            Some(Misread::Beyond)
        } else if self.is_number {
            (bytes == self.local && bytes < self.target).then_some(Misread::Part)
        } else {
            (bytes > self.alike).then_some(Misread::Moved)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, Misread};

    #[test]
    fn lengths_of_numbers() {
        let grown = Extent { local: 4, target: 8, alike: 4, is_number: true };
        let shrunk = Extent { local: 8, target: 4, alike: 4, is_number: true };
        let of = |extent: Extent| [1, 2, 4, 5, 8, 16].map(|bytes| extent.misread(bytes));
        let (part, beyond) = (Some(Misread::Part), Some(Misread::Beyond));
        // A part on purpose stays one, and what went beyond the end before is no change.
        assert_eq!(of(grown), [None, None, part, None, None, None]);
        assert_eq!(of(shrunk), [None, None, None, beyond, beyond, None]);
        let same = Extent { local: 4, target: 4, alike: 4, is_number: true };
        assert_eq!(of(same), [None; 6], "what is alike is never misread");
    }

    #[test]
    fn lengths_of_arrays_and_structs() {
        let of = |extent: Extent| [4, 8, 9, 16, 17].map(|bytes| extent.misread(bytes));
        let (moved, beyond) = (Some(Misread::Moved), Some(Misread::Beyond));
        let shorter = Extent { local: 16, target: 8, alike: 8, is_number: false };
        assert_eq!(of(shorter), [None, None, beyond, beyond, None]);
        let longer = Extent { local: 16, target: 32, alike: 16, is_number: false };
        assert_eq!(of(longer), [None; 5], "the first elements are what they were");
        let rearranged = Extent { local: 16, target: 16, alike: 8, is_number: false };
        assert_eq!(of(rearranged), [None, None, moved, moved, None]);
    }
}
