//! Projects that build without a network: their backend lies in their folder.

use std::{fs, path::Path, process::Command};

/// Writes a wheel by hand, of what `pyproject.toml` says.
const BACKEND: &str = r#"
import base64, hashlib, os, zipfile

NAME, VERSION, REQUIRES = %s

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = f"{NAME}-{VERSION}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nLicense: MIT\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in REQUIRES)
    setting = (config_settings or {}).get("setting", "none")
    members = {
        f"{NAME}.py": f"SETTING = {setting!r}\n",
        f"{info}/METADATA": metadata + "\nText\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in members.items():
        digest = hashlib.sha256(text.encode()).digest()
        digest = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text)}\n"
    members[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    file = f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for name, text in members.items():
            wheel.writestr(zipfile.ZipInfo(name), text)
    return file
"#;

/// A project's folder.
pub fn project(folder: &Path, name: &str, requires: &[&str]) {
    fs::create_dir_all(folder).unwrap();
    let state = format!("({name:?}, \"1.0\", {requires:?})");
    fs::write(folder.join("backend.py"), BACKEND.replace("%s", &state)).unwrap();
    fs::write(
        folder.join("pyproject.toml"),
        format!(
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n\
             [project]\nname = '{name}'\nversion = '1.0'\ndependencies = {requires:?}\n"
        ),
    )
    .unwrap();
}

/// Makes a repository of a folder and tags it.
pub fn commit(folder: &Path, tag: &str) {
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x"],
        &["tag", tag],
    ] {
        let status = Command::new("git").current_dir(folder).args(arguments).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    }
}
