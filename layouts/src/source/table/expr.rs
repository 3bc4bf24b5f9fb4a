//! The notation of types: `*const struct x`, `[4]u8`, `*func(*struct device, s32) void`.
//!
//! Read from the left, as one says it: pointer to, array of, function of … returning. Names are those of
//! definitions: `struct x`, `struct x#2`, `union (anon#3)`, `enum x`, or a typedef's or integer's own.

use crate::btf::Kind;

/// How deep types may be nested in each other; real ones stay below 10.
const MAX_DEPTH: usize = 64;

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr<'t> {
    /// A definition, by its key: `struct x#2`, `enum x`, `u32`.
    Named(&'t str),
    /// `void`.
    Void,
    /// `*` and what it points to.
    Pointer(Box<Expr<'t>>),
    /// `[n]` and the element.
    Array(u32, Box<Expr<'t>>),
    /// `const`, `volatile` or `restrict` and what it qualifies.
    Qualified(Kind, Box<Expr<'t>>),
    /// `func(…)` and what it returns; a last parameter `...` is `None`.
    Function(Vec<Option<Expr<'t>>>, Box<Expr<'t>>),
}

impl<'t> Expr<'t> {
    /// Reads one type, which must be all of the text.
    ///
    /// # Errors
    /// What is wrong, in a sentence's end.
    pub(super) fn parse(text: &'t str) -> Result<Self, String> {
        let mut parser = Parser { text, rest: text };
        let expr = parser.ty(MAX_DEPTH)?;
        if parser.rest.is_empty() { Ok(expr) } else { Err(parser.unexpected()) }
    }

    /// The struct or union that a pointer leads to, through further pointers and qualifiers.
    pub(super) fn pointee(&self) -> Option<&'t str> {
        let mut expr = self;
        let mut pointed = false;
        loop {
            match expr {
                Self::Pointer(to) => {
                    pointed = true;
                    expr = to;
                }
                Self::Qualified(_, of) | Self::Array(_, of) => expr = of,
                Self::Named(key) if pointed && is_composite(key) => return Some(key),
                _ => return None,
            }
        }
    }
}

/// Whether this is the key of a struct or union.
pub(super) fn is_composite(key: &str) -> bool {
    key.starts_with("struct ") || key.starts_with("union ")
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn ty(&mut self, depth: usize) -> Result<Expr<'t>, String> {
        let depth = depth.checked_sub(1).ok_or("a type nested too deeply")?;
        if self.eat("*") {
            return Ok(Expr::Pointer(Box::new(self.ty(depth)?)));
        }
        if self.eat("[") {
            let (length, rest) = self.rest.split_once(']').ok_or_else(|| self.unexpected())?;
            let length = length.parse().map_err(|_| format!("{length:?} is not an array's length"))?;
            self.rest = rest;
            return Ok(Expr::Array(length, Box::new(self.ty(depth)?)));
        }
        for (word, kind) in
            [("const ", Kind::Const), ("volatile ", Kind::Volatile), ("restrict ", Kind::Restrict)]
        {
            if self.eat(word) {
                return Ok(Expr::Qualified(kind, Box::new(self.ty(depth)?)));
            }
        }
        if self.eat("func(") {
            let params = self.params(depth)?;
            if !self.eat(" ") {
                return Err(self.unexpected());
            }
            return Ok(Expr::Function(params, Box::new(self.ty(depth)?)));
        }
        self.name()
    }

    /// Parameters up to and with the closing parenthesis.
    fn params(&mut self, depth: usize) -> Result<Vec<Option<Expr<'t>>>, String> {
        let mut params = Vec::new();
        if self.eat(")") || self.eat("void)") {
            return Ok(params);
        }
        loop {
            if self.eat("...)") {
                params.push(None);
                return Ok(params);
            }
            params.push(Some(self.ty(depth)?));
            if self.eat(")") {
                return Ok(params);
            }
            if !self.eat(", ") {
                return Err(self.unexpected());
            }
        }
    }

    fn name(&mut self) -> Result<Expr<'t>, String> {
        let tag = ["struct ", "union ", "enum "].into_iter().find(|tag| self.rest.starts_with(tag));
        let tag_len = tag.map_or(0, str::len);
        let name = &self.rest[tag_len..];
        let name_len = if tag.is_some() && name.starts_with("(anon") {
            name.find(')').map(|at| at + 1).ok_or_else(|| self.unexpected())?
        } else {
            name.find(|c: char| ",()*[]".contains(c) || c.is_control()).unwrap_or(name.len())
        };
        if name_len == 0 || name.starts_with([' ', '.']) || name[..name_len].ends_with(' ') {
            return Err(self.unexpected());
        }
        let (key, rest) = self.rest.split_at(tag_len + name_len);
        self.rest = rest;
        Ok(if key == "void" { Expr::Void } else { Expr::Named(key) })
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn unexpected(&self) -> String {
        let at = self.text.len() - self.rest.len();
        let there = self.rest.chars().next().map_or("it ends".to_owned(), |c| format!("{c:?} stands"));
        format!("{:?} is not a type: {there} at byte {at} where none is expected", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Expr, MAX_DEPTH};
    use crate::btf::Kind;

    fn pointer(to: Expr<'_>) -> Expr<'_> {
        Expr::Pointer(Box::new(to))
    }

    #[test]
    fn every_form_is_read() {
        let named = Expr::Named;
        let cases = [
            ("int", named("int")),
            ("unsigned long long", named("unsigned long long")),
            ("struct vfio_group#2", named("struct vfio_group#2")),
            ("union (anon#26)", named("union (anon#26)")),
            ("*void", pointer(Expr::Void)),
            ("**const struct x", pointer(pointer(Expr::Qualified(Kind::Const, Box::new(named("struct x")))))),
            ("[2][3]u8", Expr::Array(2, Box::new(Expr::Array(3, Box::new(named("u8")))))),
            ("*[4]int", pointer(Expr::Array(4, Box::new(named("int"))))),
            ("*func() void", pointer(Expr::Function(vec![], Box::new(Expr::Void)))),
            ("*func(void) int", pointer(Expr::Function(vec![], Box::new(named("int"))))),
            (
                "*func(*struct a, ...) *u8",
                pointer(Expr::Function(
                    vec![Some(pointer(named("struct a"))), None],
                    Box::new(pointer(named("u8"))),
                )),
            ),
            (
                "*func(*func(int) void, enum e) void",
                pointer(Expr::Function(
                    vec![
                        Some(pointer(Expr::Function(vec![Some(named("int"))], Box::new(Expr::Void)))),
                        Some(named("enum e")),
                    ],
                    Box::new(Expr::Void),
                )),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Expr::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in [
            "",
            "*",
            "[",
            "[]int",
            "[-1]int",
            "[4294967296]u8",
            "[4",
            "const ",
            "int)",
            "func(int",
            "func(int)",
            "func(int)void",
            "func(int,int) void",
            "func(..., int) void",
            "struct ",
            "struct (anon",
            " int",
            "int ",
            "int,",
            "*func(, int) void",
            "a\u{7}b",
        ] {
            let read = Expr::parse(text);
            assert!(read.is_err(), "{text:?} was read as {read:?}");
        }
        let deep = "*".repeat(MAX_DEPTH) + "int";
        assert_eq!(Expr::parse(&deep), Err("a type nested too deeply".to_owned()));
        assert!(Expr::parse(&deep[1..]).is_ok());
    }

    #[test]
    fn the_pointee_is_a_struct_behind_a_pointer_and_nothing_else() {
        let pointee = |text| Expr::parse(text).expect("it is well formed").pointee();
        assert_eq!(pointee("*struct kvm"), Some("struct kvm"));
        assert_eq!(pointee("**const union u"), Some("union u"));
        assert_eq!(pointee("struct kvm"), None);
        assert_eq!(pointee("*int"), None);
        assert_eq!(pointee("*func(*struct a) void"), None);
    }
}
