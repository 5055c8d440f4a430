#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requirements.txt");
    fs::write(&path, bytes).unwrap();
    pypi2pkg::fuzzing::requirements(&path);
});
