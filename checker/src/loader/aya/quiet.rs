//! Panics that are an answer: caught, and not printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread's panics are somebody's answer at the moment.
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Sets the flag for as long as it lives.
struct Quiet(bool);

impl Quiet {
    fn new() -> Self {
        Self(IS_QUIET.replace(true))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        IS_QUIET.set(self.0);
    }
}

/// Runs `work`; a panic in it gives its message. Panics of other threads, and this one's own elsewhere, are printed as ever.
///
/// # Errors
/// The message of the panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                usual(info);
            }
        }));
    });
    let quiet = Quiet::new();
    // Whatever the work leaves half done is thrown away by the caller.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    drop(quiet);
    result.map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_their_message_and_what_ends_well_its_result() {
        assert_eq!(catch(|| 3), Ok(3));
        assert_eq!(catch(|| -> u8 { panic!("no {}", 4) }), Err("no 4".to_owned()));
        assert_eq!(catch(|| -> u8 { panic!("no") }), Err("no".to_owned()));
        assert!(!IS_QUIET.get());
        // Within each other.
        let inner = catch(|| {
            let inner = catch(|| -> u8 { panic!("inner") });
            (inner, IS_QUIET.get())
        });
        assert_eq!(inner, Ok((Err("inner".to_owned()), true)));
    }
}
