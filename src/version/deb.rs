pub fn upstream(_v: &pep440_rs::Version) -> String { unimplemented!() }
