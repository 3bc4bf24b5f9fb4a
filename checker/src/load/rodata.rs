//! Constants that are set before the load: `const volatile` variables, which tools fill in (`skel->rodata->name = …`).

use std::str::FromStr;

use corecheck_layouts::btf::Endian;
use thiserror::Error;

use crate::object::{DataKind, DataSection, Object, Variable};

/// `NAME=VALUE`: a constant with what it is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// The variable's name.
    pub name: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Number(i128),
    Text(String),
}

/// A constant that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConstantError {
    /// It is not written as one.
    #[error("{0} is not NAME=VALUE; a value is a number, true, false, or text in double quotes")]
    Form(String),
    /// The value does not fit.
    #[error("{object}: {name} has {size} bytes, which cannot hold that value")]
    Size {
        /// The object.
        object: String,
        /// The variable.
        name: String,
        /// Its size in bytes.
        size: u64,
    },
}

impl FromStr for Constant {
    type Err = ConstantError;

    fn from_str(text: &str) -> Result<Self, ConstantError> {
        let wrong = || ConstantError::Form(text.to_owned());
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = match (value, quoted) {
            (_, Some(quoted)) => Value::Text(quoted.to_owned()),
            ("true", _) => Value::Number(1),
            ("false", _) => Value::Number(0),
            _ => Value::Number(number(value).ok_or_else(wrong)?),
        };
        Ok(Self { name: name.to_owned(), value })
    }
}

/// A number that 64 bits hold, signed or not, decimal or with `0x`.
fn number(text: &str) -> Option<i128> {
    let (digits, is_negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if is_negative { -i128::from(number) } else { i128::from(number) })
}

impl Constant {
    /// The variable of that name among the constants of an object, and the index of its section.
    pub fn find<'a>(&self, object: &'a Object) -> Option<(usize, &'a Variable)> {
        let sections = object.data.iter().enumerate().filter(|(_, data)| data.kind == DataKind::ReadOnly);
        sections
            .flat_map(|(index, data)| data.variables.iter().map(move |variable| (index, variable)))
            .find(|(_, variable)| variable.name == self.name)
    }

    /// The value as it stands in memory.
    fn bytes(&self, size: usize, endian: Endian) -> Option<Vec<u8>> {
        match &self.value {
            Value::Number(number) => {
                if !matches!(size, 1 | 2 | 4 | 8) {
                    return None;
                }
                let bits = size as u32 * 8;
                let fits = *number < 1 << bits && *number >= -(1 << (bits - 1));
                let mut bytes = number.to_le_bytes().get(..size)?.to_vec();
                if endian == Endian::Big {
                    bytes.reverse();
                }
                fits.then_some(bytes)
            }
            Value::Text(text) => {
                // With the byte that ends it.
                let mut bytes = text.as_bytes().to_vec();
                (bytes.len() < size).then(|| {
                    bytes.resize(size, 0);
                    bytes
                })
            }
        }
    }
}

/// The sections of variables of an object (`Object::data`) as they are when it is loaded, with these constants set; those
/// that the object does not have are passed over.
///
/// # Errors
/// [`ConstantError::Size`].
pub fn data_sections(object: &Object, constants: &[Constant]) -> Result<Vec<Vec<u8>>, ConstantError> {
    let mut sections: Vec<Vec<u8>> =
        object.data.iter().map(|data: &DataSection| data.bytes.clone()).collect();
    for constant in constants {
        let Some((section, variable)) = constant.find(object) else { continue };
        let wrong = || ConstantError::Size {
            object: object.path.clone(),
            name: variable.name.clone(),
            size: variable.size,
        };
        let size = usize::try_from(variable.size).map_err(|_| wrong())?;
        let start = usize::try_from(variable.offset).map_err(|_| wrong())?;
        let place =
            sections.get_mut(section).and_then(|bytes| bytes.get_mut(start..start.checked_add(size)?));
        let (place, bytes) = place.zip(constant.bytes(size, object.endian)).ok_or_else(wrong)?;
        place.copy_from_slice(&bytes);
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    fn constant(text: &str) -> Constant {
        text.parse().expect("it is one")
    }

    #[test]
    fn constants_are_read() {
        assert_eq!(constant("a=-1").bytes(2, Endian::Little), Some(vec![0xff, 0xff]));
        assert_eq!(constant("a=0x102").bytes(4, Endian::Big), Some(vec![0, 0, 1, 2]));
        assert_eq!(constant("a=true").bytes(1, Endian::Little), Some(vec![1]));
        assert_eq!(constant("a=\"bc\"").bytes(4, Endian::Little), Some(b"bc\0\0".to_vec()));
        for wrong in ["a", "=1", "a=", "a=b", "a=\"b", "a=18446744073709551616"] {
            assert!(matches!(wrong.parse::<Constant>(), Err(ConstantError::Form(_))), "{wrong}");
        }
    }

    #[test]
    fn values_must_fit() {
        assert_eq!(constant("a=256").bytes(1, Endian::Little), None);
        assert_eq!(constant("a=255").bytes(1, Endian::Little), Some(vec![255]));
        assert_eq!(constant("a=-129").bytes(1, Endian::Little), None);
        assert_eq!(constant("a=1").bytes(3, Endian::Little), None);
        assert_eq!(constant("a=\"abcd\"").bytes(4, Endian::Little), None);
    }

    #[test]
    fn a_constant_is_set_where_it_stands() {
        let object = object("tests/fixtures/objects/guards_outside.bpf.o");
        let before = data_sections(&object, &[]).expect("nothing is set");
        let set = constant("wanted_off=5");
        let (section, variable) = set.find(&object).expect("the object has it");
        let after = data_sections(&object, &[set.clone(), constant("nowhere=1")]).expect("it fits");
        let start = variable.offset as usize;
        assert_eq!((variable.size, &before[section][start..start + 4]), (4, &[0; 4][..]));
        assert_eq!(after[section][start..start + 4], [5, 0, 0, 0]);
        // What is not constant cannot be set.
        assert_eq!(constant("in_data=1").find(&object), None);
        let wrong = data_sections(&object, &[constant("wanted_off=\"long\"")]);
        assert!(matches!(wrong, Err(ConstantError::Size { size: 4, .. })));
    }
}
