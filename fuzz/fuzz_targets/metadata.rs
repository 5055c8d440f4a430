#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| pypi2pkg::fuzzing::metadata(bytes));
