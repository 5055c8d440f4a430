//! The text of a requirements file, in the encodings that pip takes.

use encoding_rs::Encoding;

/// The number that four bytes are.
type Number = fn([u8; 4]) -> u32;

/// What a UTF-32 file begins with; UTF-16's mark is the beginning of the first.
const UTF_32: [([u8; 4], Number); 2] =
    [([0xff, 0xfe, 0, 0], u32::from_le_bytes), ([0, 0, 0xfe, 0xff], u32::from_be_bytes)];

/// The most lines that may hold the encoding's name. Source: PEP 263.
const DECLARATION_LINES: usize = 2;

/// Decodes a file: by its byte order mark, by a comment such as `# -*- coding: cp1252 -*-` in one
/// of its first two lines (PEP 263), else as UTF-8.
///
/// # Errors
/// Bytes that are not of the encoding, or an encoding that is unknown.
pub(super) fn decode(bytes: &[u8]) -> Result<String, String> {
    for (mark, number) in UTF_32 {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            return decode_utf_32(rest, number).ok_or_else(|| "it is not UTF-32 text".to_owned());
        }
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decode_with(encoding, &bytes[length..]);
    }
    match declared(bytes) {
        Some(label) => {
            // Python's name of it, which is not a label of the web's.
            let known = if label == "latin-1" { "latin1" } else { &label };
            let encoding = Encoding::for_label(known.as_bytes())
                .ok_or_else(|| format!("its encoding `{label}` is unknown"))?;
            decode_with(encoding, bytes)
        }
        None => decode_with(encoding_rs::UTF_8, bytes),
    }
}

fn decode_with(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.ok_or_else(|| format!("it is not {} text", encoding.name()))?;
    Ok(text.into_owned())
}

fn decode_utf_32(bytes: &[u8], number: Number) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text: Option<String> = units.iter().map(|unit| char::from_u32(number(*unit))).collect();
    text.filter(|_| rest.is_empty())
}

/// The encoding's name in a comment.
fn declared(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|byte| *byte == b'\n').take(DECLARATION_LINES);
    let comments = lines.filter(|line| line.starts_with(b"#"));
    comments.map(String::from_utf8_lossy).find_map(|line| {
        let rest = line.split_once("coding")?.1;
        let rest = rest.strip_prefix([':', '='])?.trim_start();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_ascii_lowercase())
    })
}
