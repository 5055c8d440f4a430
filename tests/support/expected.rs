//! Expected files.

use std::path::Path;

use snapbox::{Assert, Data, IntoData, assert::Action, data::DataFormat};

/// Compares text with an expected file. With `UPDATE_EXPECTED=1` the file is rewritten instead.
///
/// # Errors
/// The difference, as text.
pub fn compare(path: &Path, actual: &str) -> Result<(), String> {
    let action =
        if super::tools::is_set("UPDATE_EXPECTED") { Action::Overwrite } else { Action::Verify };
    let expected = Data::read_from(path, Some(DataFormat::Text)).raw();
    let compared = Assert::new().action(action).normalize_paths(false).try_eq(
        None,
        actual.into_data().raw(),
        expected,
    );
    compared.map_err(|error| format!("{error}`UPDATE_EXPECTED=1 cargo test` rewrites the file\n"))
}
