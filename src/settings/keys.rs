//! Hands the keys of a configuration file out to the option groups that they belong to.

use std::fmt;

use serde::{
    de::{Deserialize, Deserializer, Error as _, Visitor, value},
    forward_to_deserialize_any,
};
use toml::{
    Spanned,
    de::{DeTable, Error},
};

use crate::base::text::{line_at, unknown_key};

/// A wrong key or value, and its line.
#[derive(Debug)]
pub(super) struct KeyError {
    pub line: usize,
    pub reason: String,
}

/// The keys of a file that no option group has taken yet.
pub(super) struct UntakenKeys<'t> {
    text: &'t str,
    table: Spanned<DeTable<'t>>,
    /// The keys of all groups so far.
    known: Vec<&'static str>,
    /// The first error in the file, by its position.
    error: Option<(usize, String)>,
}

impl<'t> UntakenKeys<'t> {
    /// Parses a file.
    pub(super) fn parse(text: &'t str) -> Result<Self, KeyError> {
        let table = DeTable::parse(text).map_err(|error| {
            let (start, reason) = located(&error);
            KeyError { line: line_at(text, start), reason }
        })?;
        Ok(Self { text, table, known: Vec::new(), error: None })
    }

    /// Takes the keys of a group; a group with a wrong value has its defaults.
    pub(super) fn take<T: Deserialize<'t> + Default>(&mut self) -> T {
        let names = field_names::<T>();
        self.known.extend(names);
        let (mut own, mut rest) = (DeTable::new(), DeTable::new());
        for (key, value) in std::mem::take(self.table.get_mut()) {
            let table = if names.contains(&key.get_ref().as_ref()) { &mut own } else { &mut rest };
            table.insert(key, value);
        }
        *self.table.get_mut() = rest;
        let own = Spanned::new(self.table.span(), own);
        T::deserialize(toml::Deserializer::from(own)).unwrap_or_else(|error| {
            let (start, message) = located(&error);
            self.keep(start, message);
            T::default()
        })
    }

    /// Returns the first error: a wrong value, or a key that no group has taken.
    pub(super) fn finish(mut self) -> Result<(), KeyError> {
        let unknown = self.table.get_ref().keys().next();
        if let Some((start, key)) = unknown.map(|key| (key.span().start, key.get_ref().clone())) {
            let known: Vec<String> = self.known.iter().map(|name| format!("`{name}`")).collect();
            self.keep(
                start,
                format!("unknown field `{key}`, expected one of {}", known.join(", ")),
            );
        }
        match self.error {
            None => Ok(()),
            Some((start, message)) => {
                Err(KeyError { line: line_at(self.text, start), reason: unknown_key(&message) })
            }
        }
    }

    fn keep(&mut self, start: usize, message: String) {
        if self.error.as_ref().is_none_or(|(first, _)| start < *first) {
            self.error = Some((start, message));
        }
    }
}

fn located(error: &Error) -> (usize, String) {
    (error.span().map_or(0, |span| span.start), error.message().to_owned())
}

/// Returns the names under which a struct's fields are deserialized.
fn field_names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The result is always an error; only the names are of use.
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

/// A deserializer that fails, and keeps the names of the fields of the struct.
struct FieldNames<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom(fmt::Error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
    struct SampleOptions {
        first_key: Option<String>,
        #[serde(skip)]
        skipped: bool,
        number: u8,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct OtherSampleOptions {
        other: Option<String>,
    }

    fn read(text: &str) -> Result<(SampleOptions, OtherSampleOptions), String> {
        let explain = |error: KeyError| format!("{}: {}", error.line, error.reason);
        let mut keys = UntakenKeys::parse(text).map_err(explain)?;
        let groups = (keys.take(), keys.take());
        keys.finish().map_err(explain)?;
        Ok(groups)
    }

    #[test]
    fn each_group_takes_its_keys() {
        let (sample, other) = read("other = 'b'\nnumber = 3\nfirst-key = 'a'").unwrap();
        assert_eq!((sample.first_key.as_deref(), sample.number), (Some("a"), 3));
        assert_eq!((other.other.as_deref(), sample.skipped), (Some("b"), false));
    }

    #[test]
    fn the_first_error_is_reported_with_its_line() {
        for (text, problem) in [
            ("\nfirst-kye = 'a'", "2: unknown key `first-kye` (did you mean `first-key`?)"),
            ("skipped = true", "1: unknown key `skipped`; the keys are first-key, number, other"),
            ("other = 1\nnumber = 'a'", "1: invalid type: integer `1`, expected a string"),
            ("number = 'a'\nzz = 1", "1: invalid type: string \"a\", expected u8"),
            ("zz = 1\nnumber = 'a'", "1: unknown key `zz`; the keys are first-key, number, other"),
            ("other = 'a'\nother = 'b'", "2: duplicate key"),
        ] {
            assert_eq!(read(text).unwrap_err(), problem, "{text}");
        }
    }
}
