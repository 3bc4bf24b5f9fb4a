//! The picture as plain values, which `svg` writes. Lengths are in its own units: pixels, where nobody scales it.

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The type's name.
    pub title: String,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Histories.
    pub lanes: Vec<Lane>,
    /// What it leaves out, in sentences.
    pub notes: Vec<String>,
    /// Whether some field is one that a program reads.
    pub has_marks: bool,
}

/// A history.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Whose, and where that stands.
    pub title: Text,
    /// Its columns.
    pub columns: Vec<Column>,
    /// What connects them.
    pub bands: Vec<Band>,
}

/// A layout, or that there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Where its fields begin.
    pub x: f64,
    /// Their top.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// The height of its fields.
    pub height: f64,
    /// Which kernels, how many, how large.
    pub head: Vec<Text>,
    /// All kernels, for who points at it.
    pub about: String,
    /// `laid`, `absent` or `unknown`.
    pub state: &'static str,
    /// Fields and gaps.
    pub cells: Vec<Cell>,
    /// Why there are none, line by line.
    pub why: Vec<Text>,
}

/// A field, some fields, or a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its outline.
    pub points: Vec<(f64, f64)>,
    /// Its name, if there is room for it.
    pub label: Option<Label>,
    /// Its offset, where it begins a row.
    pub offset: Option<Text>,
    /// What it is, for who points at it.
    pub about: String,
    /// Whether a program reads it.
    pub is_read: bool,
    /// What it is compared with its neighbours: `new`, `gone`, `both`, `retyped`, or `kept`; `gap` and `folded`.
    pub change: &'static str,
    /// Whether it is drawn shorter than it is.
    pub is_shortened: bool,
}

/// A name in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The text and its place.
    pub text: Text,
    /// What stands at the right end, if there is room.
    pub aside: Option<Text>,
}

/// Text with the place where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// From the left.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// The text.
    pub text: String,
}

/// What connects the same fields of two columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Right edge of the left column: x, top, bottom.
    pub from: (f64, f64, f64),
    /// Left edge of the right column.
    pub to: (f64, f64, f64),
    /// `same`, `moved` or `retyped`.
    pub change: &'static str,
    /// Whether a program reads it.
    pub is_read: bool,
    /// What it is, for who points at it.
    pub about: String,
}
