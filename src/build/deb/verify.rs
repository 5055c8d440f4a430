//! Opening a finished Debian package.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    super::{BuildError, BuildJob},
    DEBIAN_BINARY,
    ar::{self, ArMember},
    control::field,
};

/// The most bytes of control text that are read back.
const CONTROL_LIMIT: u64 = 16 << 20;

/// Checks that the package at `path` has its three members, whole, and is the planned one, where
/// the plan says what it is.
pub(in crate::build) fn verify(job: &BuildJob<'_>, path: &Path) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let control =
        read_control(path).map_err(|reason| BuildError::Damaged { file: file.clone(), reason })?;
    if job.own_recipe {
        return Ok(());
    }
    let native = job.native;
    let planned = [
        ("name", "Package", native.name.clone()),
        ("version", "Version", version(job)),
        ("architecture", "Architecture", native.architecture.clone()),
    ];
    for (words, name, wanted) in planned {
        let found = field(&control, name).unwrap_or_default();
        if found != wanted {
            let found = found.to_owned();
            return Err(BuildError::Other { file, field: words, found, wanted });
        }
    }
    Ok(())
}

/// `[EPOCH:]VERSION[-REVISION]` (Debian Policy 5.6.12).
fn version(job: &BuildJob<'_>) -> String {
    let native = job.native;
    let mut text = native.version.clone();
    if !native.release.is_empty() {
        text = format!("{text}-{}", native.release);
    }
    match native.epoch {
        None | Some(0) => text,
        Some(epoch) => format!("{epoch}:{text}"),
    }
}

/// The paths of the files that a package installs, folders left out; sorted.
///
/// # Errors
/// What is wrong with the package.
pub fn paths(path: &Path) -> Result<Vec<String>, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let members = ar::list(&mut file)?;
    let data = members.iter().find(|member| member.name.starts_with("data.tar"));
    let data = data.ok_or_else(|| "it has no data archive".to_owned())?;
    let list = |file: &mut BufReader<File>| -> std::io::Result<Vec<String>> {
        let plain = unpacked(file, data, "data.tar")?;
        let mut archive = ::tar::Archive::new(plain);
        let mut paths = Vec::new();
        for entry in archive.entries()? {
            let entry = entry?;
            if !entry.header().entry_type().is_dir() {
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                paths.push(format!("/{}", path.trim_start_matches("./")));
            }
        }
        paths.sort();
        Ok(paths)
    };
    list(&mut file).map_err(|error| error.to_string())
}

/// The text of `control`; the error says what is wrong with the package.
fn read_control(path: &Path) -> Result<String, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let members = ar::list(&mut file)?;
    let [first, control, data] = &members[..] else {
        return Err(format!("it has {} members, not 3", members.len()));
    };
    if first.name != DEBIAN_BINARY.0
        || !control.name.starts_with("control.tar")
        || !data.name.starts_with("data.tar")
    {
        let names = [&first.name, &control.name, &data.name].map(String::as_str).join(", ");
        return Err(format!("its members are {names}"));
    }
    control_text(&mut file, control).map_err(|error| format!("`{}`: {error}", control.name))
}

/// A member's bytes, unpacked by the ending of its name.
fn unpacked<'f>(
    file: &'f mut (impl Read + Seek),
    member: &ArMember,
    stem: &str,
) -> std::io::Result<Box<dyn Read + 'f>> {
    file.seek(SeekFrom::Start(member.offset))?;
    let raw = BufReader::new(file.take(member.size));
    Ok(match member.name.strip_prefix(stem) {
        Some(".xz") => Box::new(liblzma::bufread::XzDecoder::new(raw)),
        Some(".zst") => Box::new(zstd::Decoder::with_buffer(raw)?),
        Some(".gz") => Box::new(flate2::bufread::GzDecoder::new(raw)),
        _ => Box::new(raw),
    })
}

fn control_text(file: &mut (impl Read + Seek), member: &ArMember) -> std::io::Result<String> {
    let plain = unpacked(file, member, "control.tar")?;
    let mut archive = ::tar::Archive::new(plain.take(CONTROL_LIMIT));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path_bytes().as_ref() == b"./control" {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            return Ok(text);
        }
    }
    Err(std::io::Error::other("it has no file `control`"))
}
