//! aya
/// Version.
pub const VERSION: &str = "0.3.0";
/// x
pub fn refusal(_object: &crate::object::Object) -> Option<String> { None }
