//! What a verifier knows of values: it learned with the years, so this is a property of the kernel.
//!
//! Versions are those of the first release of Linux that has the change. Distributions take some of them back into older
//! kernels, which their version does not tell: where that is usual the answer is [`Knows::Perhaps`].

use corecheck_layouts::kernel::Kernel;

use crate::attach::Release;

/// Whether a verifier does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Knows {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The version does not tell.
    Perhaps,
}

/// A verifier, as far as its ways of following values decide what it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verifier {
    /// Values in read-only maps are constants (5.5, a23740ec43ba; in some 5.4).
    pub read_only_maps: Knows,
    /// A pointer that cannot be null is known not to equal 0 (5.8, cac616db39c2).
    pub null_checks: Knows,
    /// What a branch tells of a number is known of its copies (5.10, 75748837b7e5).
    pub copies: Knows,
    /// And of their sums with a constant (6.11, 98d7ca374ba4).
    pub sums: Knows,
    /// What a branch tells of the source of a 32-bit copy is known of that (6.3, 3be49f79555e).
    pub half_copies: Knows,
    /// Numbers that are no constants stay known on the stack (5.11, 5689d49b71ad).
    pub spilled_ranges: Knows,
    /// Numbers of less than 8 bytes stay known on the stack (5.16, 354e8f1970f8).
    pub narrow_spills: Knows,
    /// Constants that an instruction stores stay known on the stack (6.3, ecdf985d7615).
    pub stored_constants: Knows,
    /// A 0 that is stored where a slot of the stack begins stays known as one number (6.8, 18a433b62061); before, byte by
    /// byte.
    pub zero_spills: Knows,
    /// The first bytes of a number on the stack are known (6.9, c1e6148cb4f8).
    pub narrow_fills: Knows,
    /// What ranges rule out is not gone to (6.8, the last of many steps); before, not all that is ruled out here.
    pub ranges: Knows,
    /// Numbers are followed through negation (6.18; aced132599b3 may be in 6.17).
    pub negation: Knows,
    /// Numbers are followed through division; not up to 6.18.
    pub division: Knows,
    /// Numbers are followed through byte swaps; not up to 6.17. Stable releases of 6.18 do.
    pub swaps: Knows,
    /// Callbacks run any number of times, also never (6.7, ab5cfac139ab); before, exactly once. In stable releases of 6.6
    /// and 6.1.
    pub repeated_callbacks: Knows,
    /// Global functions are verified only where one that is verified calls them (6.8, 2afae08c9dcb); before, always.
    pub lazy_globals: Knows,
    /// Global functions are verified by themselves (5.6, 51c39bb1d5d1); before, like static ones, in context.
    pub global_functions: Knows,
    /// Looking up a constant index of an array gives no null (6.15, d2102f2f5d75).
    pub array_lookups: Knows,
}

impl Verifier {
    /// The verifier of a kernel.
    pub fn of_kernel(kernel: &Kernel) -> Self {
        Self::of(Release::of_kernel(kernel))
    }

    /// The verifier of a release of Linux, as `uname -r` prints it: for the machine that a program is loaded on.
    pub fn of_release(release: &str) -> Self {
        Self::of(Release::of_text(release))
    }

    fn of(release: Release) -> Self {
        let since = |since| match release.has(since) {
            Some(true) => Knows::Yes,
            Some(false) => Knows::No,
            None => Knows::Perhaps,
        };
        // Released kernels between the first and the second took it back, some sooner, some later.
        let between = |first: (u32, u32), then: (u32, u32)| match release.version {
            Some(version) if version >= first && version < then => Knows::Perhaps,
            _ => since(then),
        };
        Self {
            read_only_maps: between((5, 4), (5, 5)),
            null_checks: since((5, 8)),
            copies: since((5, 10)),
            sums: since((6, 11)),
            half_copies: since((6, 3)),
            spilled_ranges: since((5, 11)),
            narrow_spills: since((5, 16)),
            stored_constants: since((6, 3)),
            zero_spills: since((6, 8)),
            narrow_fills: since((6, 9)),
            ranges: match since((6, 8)) {
                Knows::Yes => Knows::Yes,
                Knows::No | Knows::Perhaps => Knows::Perhaps,
            },
            negation: between((6, 17), (6, 18)),
            swaps: match since((6, 18)) {
                Knows::No => Knows::No,
                Knows::Yes | Knows::Perhaps => Knows::Perhaps,
            },
            division: match since((6, 19)) {
                Knows::No => Knows::No,
                Knows::Yes | Knows::Perhaps => Knows::Perhaps,
            },
            repeated_callbacks: between((6, 1), (6, 7)),
            lazy_globals: since((6, 8)),
            global_functions: since((5, 6)),
            array_lookups: since((6, 15)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_tell_what_is_known() {
        let old = Verifier::of_release("5.4.0-1-generic");
        assert_eq!(
            (old.read_only_maps, old.copies, old.global_functions),
            (Knows::Perhaps, Knows::No, Knows::No)
        );
        let debian = Verifier::of_release("6.1.0-38-amd64");
        assert_eq!((debian.read_only_maps, debian.lazy_globals), (Knows::Yes, Knows::No));
        assert_eq!(debian.repeated_callbacks, Knows::Perhaps);
        let new = Verifier::of_release("6.18.1");
        assert_eq!(
            (new.lazy_globals, new.repeated_callbacks, new.array_lookups),
            (Knows::Yes, Knows::Yes, Knows::Yes)
        );
        assert_eq!(Verifier::of_release("mainline").copies, Knows::Perhaps);
        assert_eq!(Verifier::of_release("4.19.0").read_only_maps, Knows::No);
    }

    #[test]
    fn backported_kernels_may_know_more_than_their_version_says() {
        let backported = Verifier::of(Release { version: Some((4, 18)), is_backported: true });
        assert_eq!((backported.read_only_maps, backported.lazy_globals), (Knows::Perhaps, Knows::Perhaps));
        assert_eq!(
            Verifier::of(Release { version: Some((6, 12)), is_backported: true }).lazy_globals,
            Knows::Yes
        );
    }
}
