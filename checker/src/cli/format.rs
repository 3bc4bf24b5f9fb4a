//! `--format FORMAT[=FILE]`.

use std::path::PathBuf;
use std::str::FromStr;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// A form, and where it goes; standard output without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The form.
    pub form: Form,
    /// The file.
    pub file: Option<PathBuf>,
}

impl Format {
    /// What is printed when nothing is said.
    pub const DEFAULT: Self = Self { form: Form::Human, file: None };
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file name after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let form = match name {
            "human" => Form::Human,
            "json" => Form::Json,
            _ => return Err("the formats are human and json, each with =FILE to write to a file".to_owned()),
        };
        Ok(Self { form, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_follow() {
        assert_eq!("human".parse(), Ok(Format::DEFAULT));
        let file = Some(PathBuf::from("a=b.json"));
        assert_eq!("json=a=b.json".parse(), Ok(Format { form: Form::Json, file }));
        assert!("json=".parse::<Format>().is_err() && "yaml".parse::<Format>().is_err());
    }
}
