//! A control file as a paragraph of `Packages`.
//! Source: Debian Policy 5.1 (syntax of control files), deb822(5).

use std::{
    collections::HashSet,
    io::{Read, Seek},
};

use super::{DebMetadata, control};
use crate::{
    format::package::{FormatData, PackageEntry, PackageFile},
    plan::Evr,
};

/// Fields that belong to the repository or to dpkg's database, lower case: a package does not say
/// them of itself.
const FOREIGN: [&str; 8] =
    ["filename", "size", "md5sum", "sha1", "sha256", "sha512", "status", "description-md5"];

/// The entry of a package file whose bytes begin at `input`.
pub(crate) fn entry(
    input: &mut (impl Read + Seek),
    file: &PackageFile<'_>,
) -> Result<PackageEntry, String> {
    let control = control::control(input)?;
    let fields = fields(&control.text)?;
    let value = |name: &str| -> Result<String, String> {
        fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.trim().to_owned())
            .filter(|value| !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic()))
            .ok_or_else(|| format!("its control file has no usable field `{name}`"))
    };
    let mut paragraph = String::new();
    for field in &fields {
        if !FOREIGN.contains(&field.name.to_ascii_lowercase().as_str()) {
            paragraph.extend([field.name, ":", &field.value, "\n"]);
        }
    }
    paragraph.push_str(&format!(
        "Filename: ./{}\nSize: {}\nSHA256: {}\n",
        file.name, file.size, file.sha256
    ));
    Ok(PackageEntry {
        package: value("Package")?,
        evr: evr(&value("Version")?)?,
        architecture: value("Architecture")?,
        file: file.name.to_owned(),
        folder: String::new(),
        size: file.size,
        sha256: file.sha256.clone(),
        time: control.time,
        signed_by: None,
        data: FormatData::Deb(DebMetadata { paragraph }),
    })
}

/// A field: its name, and all after the colon including continuation lines.
struct ControlField<'a> {
    name: &'a str,
    value: String,
}

/// The fields of the only paragraph. What some reader could take for a further field or paragraph
/// is refused or dropped.
fn fields(text: &str) -> Result<Vec<ControlField<'_>>, String> {
    let mut fields: Vec<ControlField<'_>> = Vec::new();
    let mut seen = HashSet::new();
    for line in text.trim_matches('\n').split('\n') {
        if line.trim().is_empty() {
            return Err("its control file has a blank line".to_owned());
        }
        if line.starts_with([' ', '\t']) {
            let field = fields.last_mut().ok_or("its control file begins with a blank")?;
            field.value.extend(["\n", &visible(line)]);
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("its control file has a line that is not a field".to_owned());
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(format!("its control file has the field `{name}` twice"));
        }
        fields.push(ControlField { name, value: visible(value).trim_end().to_owned() });
    }
    Ok(fields)
}

/// Without what some readers take for the end of a line, and without other control characters.
fn visible(line: &str) -> String {
    let hidden = |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    line.chars().filter(|c| !hidden(*c)).collect()
}

/// Source: Debian Policy 5.6.12: `[epoch:]upstream_version[-debian_revision]`.
fn evr(version: &str) -> Result<Evr, String> {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    Ok(Evr {
        epoch: epoch.parse().map_err(|_| format!("its version has the epoch `{epoch}`"))?,
        version: version.to_owned(),
        release: release.to_owned(),
    })
}
