//! Values of our own types as JSON and TOML, which cannot fail: their maps have names as keys, and
//! nothing is written but memory.

use serde::Serialize;

const OWN: &str = "values of own types are serialisable";

/// Returns a value as JSON in one line.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect(OWN)
}

/// Returns a value as indented JSON.
pub fn pretty_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect(OWN)
}

/// Returns a value as TOML.
pub fn toml(value: &impl Serialize) -> String {
    toml::to_string(value).expect(OWN)
}

/// Returns a value as TOML with an element of an array in each line.
pub fn pretty_toml(value: &impl Serialize) -> String {
    toml::to_string_pretty(value).expect(OWN)
}
